import { once } from "node:events";
import { unresolvedProblems } from "../../admin/secret-status.ts";
import { createStatusServer, type StatusServer } from "../../admin/status.ts";
import { systemClock } from "../../core/clock.ts";
import { ConfigError } from "../../core/errors.ts";
import { startReload } from "../../gateway/reload.ts";
import { createGatewayServer, type GatewayServer } from "../../gateway/server.ts";
import { createLog, type LogLevel } from "../../observability/log.ts";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { inputArguments, inputOptions } from "../config-input.ts";
import { parseConnectTo } from "../connect-to.ts";
import { formatListenAddress, type ListenAddress, parseListenAddress } from "../listen-address.ts";
import { isSet, listOf, textOf } from "../option-values.ts";
import { connectToOption, openServingSource, type ServingSource } from "../serving-source.ts";
import { product, version } from "../version.ts";
import { failureLines } from "../views/failure.ts";
import { createWiring, type Wiring } from "../wire.ts";

/** So long the first configuration may take to warm up before the listener opens; it goes on warming then. In milliseconds. */
const WARM_MS = 5_000;
/** So long requests may take to end after the signal to stop, in milliseconds. */
const DRAIN_MS = 30_000;
const STDOUT = 1;

export const serve: Command = {
  name: "serve",
  summary: "run the gateway from the store, or straight from files",
  arguments: inputArguments,
  options: [
    ...inputOptions,
    { flags: "--proxy-listen <address>", summary: "where clients connect: HOST:PORT", default: "127.0.0.1:8000" },
    { flags: "--admin-listen <address>", summary: "where /status is: HOST:PORT, or off", default: "127.0.0.1:8001" },
    connectToOption,
    {
      flags: "--allow-unresolved",
      summary: "be ready although secrets could not be read; what needs them answers 503",
    },
    {
      flags: "--log-level <level>",
      summary: "the JSON log on stdout: a line a request at info",
      choices: ["debug", "info", "warn", "error", "silent"],
      default: "info",
    },
  ],
  async run(args, options, terminal) {
    const serveOptions = { addresses: addressesOf(options), allowUnresolved: isSet(options, "allowUnresolved") };
    const connectTo = parseConnectTo(listOf(options, "connectTo"));
    const source = await openServingSource(args, options, terminal);
    terminal.err(`Serving ${source.description}.\n`);
    const log = createLog({ destination: STDOUT, level: textOf(options, "logLevel") as LogLevel, clock: systemClock });
    const wiring = createWiring({ environment: terminal.environment, connectTo });
    try {
      await serveUntilStopped(source, wiring, serveOptions, terminal);
      return 0;
    } finally {
      await Promise.all([wiring.close(), source.close()]);
      log.close();
    }
  },
};

interface ServeOptions {
  readonly addresses: Addresses;
  readonly allowUnresolved: boolean;
}

interface Addresses {
  readonly proxy: ListenAddress;
  /** undefined: off. */
  readonly admin: ListenAddress | undefined;
}

function addressesOf(options: OptionValues): Addresses {
  const admin = textOf(options, "adminListen") ?? "";
  return {
    proxy: parseListenAddress("--proxy-listen", textOf(options, "proxyListen") ?? ""),
    admin: admin === "off" ? undefined : parseListenAddress("--admin-listen", admin),
  };
}

async function serveUntilStopped(
  source: ServingSource,
  wiring: Wiring,
  { addresses, allowUnresolved }: ServeOptions,
  terminal: Terminal,
): Promise<void> {
  const load = async () => await wiring.build(await source.load());
  const server = createGatewayServer({ runtime: await load(), product });
  const admin = await openAdmin(server, addresses.admin, allowUnresolved, terminal);
  try {
    await server.runtime.warm(AbortSignal.any([terminal.signal, AbortSignal.timeout(WARM_MS)]));
    for (const problem of problemsOf(server, false)) terminal.err(`Warning: ${problem}\n`);
    const reload = startReload({
      watch: (onChange) => source.watch(onChange),
      load: async () => await inOneMessage(load()),
      server,
      clock: systemClock,
    });
    const proxy = await server.listen(addresses.proxy);
    terminal.err(`Proxy listener: http://${formatListenAddress(proxy)}\n`);
    if (!terminal.signal.aborted) await once(terminal.signal, "abort");
    terminal.err("Stopping: no new requests, finishing those that are under way.\n");
    await reload.stop();
  } finally {
    await server.close(DRAIN_MS);
    await admin?.close();
  }
}

/** Until each secret has been read once the gateway is not ready, unless it may serve without. */
function problemsOf({ runtime }: GatewayServer, allowUnresolved: boolean): readonly string[] {
  return [...(allowUnresolved ? [] : unresolvedProblems(runtime.secrets())), ...new Set(runtime.problems())];
}

/** The log has one line for a configuration that is refused: all that is wrong with it is to be there. */
async function inOneMessage<T>(loading: Promise<T>): Promise<T> {
  try {
    return await loading;
  } catch (thrown) {
    throw new ConfigError(failureLines(thrown).join("; "), []);
  }
}

/** Before the gateway is ready, so that what waits for /status/ready gets an answer. */
async function openAdmin(
  server: GatewayServer,
  address: ListenAddress | undefined,
  allowUnresolved: boolean,
  terminal: Terminal,
): Promise<StatusServer | undefined> {
  if (address === undefined) return undefined;
  const admin = createStatusServer({
    facts: () => ({
      version,
      serial: server.runtime.serial,
      routes: server.runtime.plans.length,
      requests: server.requests,
      inFlight: server.inFlight,
      secrets: server.runtime.secrets(),
    }),
    problems: () => problemsOf(server, allowUnresolved),
  });
  const listening = await admin.listen(address.host, address.port);
  terminal.err(`Admin listener: http://${formatListenAddress(listening)}\n`);
  return admin;
}
