import { once } from "node:events";
import { Readable } from "node:stream";
import { embedders, pluginChecks } from "../../catalogue.ts";
import { loadConfig } from "../../config/load.ts";
import { demoYaml } from "../../demo/kong-yaml.ts";
import { demoEnvironment, demoKeys, demoPrompts } from "../../demo/scenario.ts";
import { startSimulators } from "../../demo/simulators.ts";
import { runTour } from "../../demo/tour.ts";
import { BugError } from "../../core/errors.ts";
import type { Embedder } from "../../embeddings/embedder.ts";
import { createGatewayServer } from "../../gateway/server.ts";
import { createUpstream } from "../../upstream/create-upstream.ts";
import type { Command, Terminal } from "../command.ts";
import { formatListenAddress, parseListenAddress } from "../listen-address.ts";
import { isSet, textOf } from "../option-values.ts";
import { product } from "../version.ts";
import { demoIntroduction, demoInvitation, tourText } from "../views/demo.ts";
import { startSpinner } from "../views/spinner.ts";
import { createWiring } from "../wire.ts";

/** How long the tour's gateway may take to embed its descriptions, in milliseconds. */
const WARM_MS = 30_000;

export const demo: Command = {
  name: "demo",
  summary: "the whole tour on simulated providers: no key, no server, no network",
  options: [
    { flags: "--once", summary: "exit after the tour; 1 if a prompt missed its target" },
    { flags: "--proxy-listen <address>", summary: "where the gateway listens", default: "127.0.0.1:0" },
    { flags: "--print-config", summary: "print the demo's kong.yaml and exit" },
  ],
  async run(_, options, terminal) {
    if (isSet(options, "printConfig")) {
      terminal.out(demoYaml);
      return 0;
    }
    const address = parseListenAddress("--proxy-listen", textOf(options, "proxyListen") ?? "");
    return await withEmbedder(async (embedder) => await tour(embedder, address, isSet(options, "once"), terminal));
  },
};

/** The encoder behind the simulators' `/v1/embeddings`. */
async function withEmbedder<T>(work: (embedder: Embedder) => Promise<T>): Promise<T> {
  const definition = await embedders["local"]?.();
  if (definition === undefined) throw new BugError("The local encoder is not in the catalogue.");
  const upstream = createUpstream();
  const embedder = await definition.create(
    { provider: "local", model: "universal-sentence-encoder-lite", dimensions: 512 },
    { upstream, notify: () => {} },
  );
  try {
    return await work(embedder);
  } finally {
    await Promise.all([embedder.close(), upstream.close()]);
  }
}

async function tour(
  embedder: Embedder,
  address: { readonly host: string; readonly port: number },
  isOnce: boolean,
  terminal: Terminal,
): Promise<number> {
  terminal.out(demoIntroduction(terminal.colour));
  const spinner = startSpinner("starting two simulated providers and the gateway", terminal);
  const simulators = await startSimulators({ keys: demoKeys, embedder });
  const wiring = createWiring({ environment: demoEnvironment, connectTo: simulators.connectTo });
  try {
    const runtime = await wiring.build({ ...(await loadDemo()), serial: undefined });
    await runtime.warm(AbortSignal.any([terminal.signal, AbortSignal.timeout(WARM_MS)]));
    const server = createGatewayServer({ runtime, product });
    try {
      const origin = `http://${formatListenAddress(await server.listen(address))}`;
      spinner.stop();
      const rows = await runTour({ origin, prompts: demoPrompts, simulators, signal: terminal.signal });
      terminal.out(tourText(rows, terminal.colour));
      if (!isOnce) await stayUp(origin, terminal);
      return rows.every((row) => row.isRight) ? 0 : 1;
    } finally {
      await server.close(0);
    }
  } finally {
    spinner.stop();
    await Promise.all([wiring.close(), simulators.close()]);
  }
}

/** Through the real loader, as a file would be. */
async function loadDemo(): Promise<Pick<Awaited<ReturnType<typeof loadConfig>>, "config" | "unavailablePlugins">> {
  return await loadConfig(["-"], {
    cwd: ".",
    environment: demoEnvironment,
    stdin: Readable.from([demoYaml]),
    plugins: pluginChecks,
    unknownPlugins: "error",
  });
}

async function stayUp(origin: string, terminal: Terminal): Promise<void> {
  terminal.out(demoInvitation(origin, terminal.colour));
  if (!terminal.signal.aborted) await once(terminal.signal, "abort");
}
