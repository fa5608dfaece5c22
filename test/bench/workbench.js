import { once } from "node:events";
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { firstOutput, isRunning, start, stop, stopAll } from "./processes.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** What a target must have sent upstream before it is measured: the work that the comparison is about. */
const REWRITTEN = { authorization: "Bearer sk-upstream-key", model: "upstream-model" };
const CHAT = JSON.stringify({
  model: "bench-model",
  messages: [{ role: "user", content: "What is the capital of France?" }],
});

/**
 * The mock upstream, and ways to start what stands before it.
 * @param {{ candidate?: string }} options `candidate`: a command line measured instead of gw, with {port} and {upstream}
 */
export async function openWorkbench({ candidate }) {
  const folder = mkdtempSync(join(tmpdir(), "gw-bench-"));
  const upstream = start(process.execPath, [here("upstream.js")], { core: 0 });
  const upstreamOrigin = `http://127.0.0.1:${(await firstOutput(upstream)).trim().split(" ")[1]}`;

  const targets = [];
  const reference = (port) => [
    process.execPath,
    here("reference-proxy.js"),
    "--port",
    port,
    "--upstream",
    upstreamOrigin,
  ];
  const commands = {
    reference,
    "pass-through": (port) => [...reference(port), "--plain"],
    silent: (port, config) => serveCommand(port, config, upstreamOrigin, ["--log-level", "error"]),
    observed: (port, config) => serveCommand(port, config, upstreamOrigin, ["--admin-listen", "127.0.0.1:0"]),
    gateway: (port, config) =>
      candidate === undefined
        ? serveCommand(port, config, upstreamOrigin)
        : candidate.replaceAll("{port}", port).replaceAll("{upstream}", upstreamOrigin).split(" "),
  };

  return {
    /** Where load can go past every proxy. */
    direct: { name: "direct", url: `${upstreamOrigin}/v1/chat/completions` },

    /**
     * Starts a target and waits for its first answer. `readyMs` counts from the spawn.
     * Its output goes to a file: reading a pipe would cost the core that makes the load, and a closed one would spare the log.
     * @param {"reference" | "pass-through" | "gateway" | "silent" | "observed"} name
     */
    async launch(name, config = "ai.yaml", path = "/v1/chat/completions") {
      const port = await freePort();
      const [program, ...args] = commands[name](port, config);
      const log = join(folder, `${name}-${port}.log`);
      const file = openSync(log, "w");
      const startedAt = performance.now();
      const child = start(program, args, { core: 1, file, environment: { GW_BENCH_KEY: REWRITTEN.authorization } });
      closeSync(file);
      targets.push(child);
      const url = `http://127.0.0.1:${port}${path}`;
      await firstAnswer(child, url, log);
      const readyMs = performance.now() - startedAt;
      if (path.startsWith("/v1")) await checkRewriting(name, upstreamOrigin);
      return { name, url, pid: child.pid, readyMs, stop: () => stop(child) };
    },

    /** Runs load.js and returns what it prints. */
    async load(mode, target, options) {
      const printed = await text(startLoad(mode, target, options).stdout);
      if (printed === "") throw new Error(`The load generator failed at ${target.name}.`);
      return JSON.parse(printed);
    },

    /** Opens `connections` streams and calls `whileOpen` before it closes them. */
    async hold(target, connections, whileOpen) {
      const child = startLoad("idle", target, { connections });
      const { open } = JSON.parse(await firstOutput(child));
      if (open < connections) throw new Error(`${target.name} opened ${open} of ${connections} streams.`);
      const result = await whileOpen();
      child.stdin.end();
      await once(child, "exit");
      return result;
    },

    /** How the upstream's streams go from now on. */
    async streamsGo(chunks, gapMs) {
      await call(`${upstreamOrigin}/__config`, JSON.stringify({ chunks, gapMs }));
    },

    /** Waits until the upstream has no stream open. */
    async streamsEnd() {
      for (let i = 0; i < 100 && (await seenBy(upstreamOrigin)).openStreams > 0; i++) await delay(50);
    },

    /** Ends what was launched, so that the next part has the machine to itself. */
    async endTargets() {
      await Promise.all(targets.splice(0).map(stop));
    },

    async close() {
      await stopAll();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function serveCommand(port, config, upstreamOrigin, flags = []) {
  const redirects = ["api.openai.com:443", "bench.invalid:80"].flatMap((real) => [
    "--connect-to",
    `${real}=${upstreamOrigin}`,
  ]);
  const listeners = ["--proxy-listen", `127.0.0.1:${port}`, "--admin-listen", "off"];
  return [
    process.execPath,
    join(root, "bin/gw.js"),
    "serve",
    join(root, "fixtures/bench", config),
    ...listeners,
    ...redirects,
    ...flags,
  ];
}

function startLoad(mode, target, options) {
  const flags = Object.entries({ url: target.url, ...options }).flatMap(([name, value]) => [
    `--${name}`,
    String(value),
  ]);
  return start(process.execPath, [here("load.js"), mode, ...flags], { core: 0, input: "pipe" });
}

/** Asks until there is an answer with status 200. */
async function firstAnswer(child, url, log) {
  const until = performance.now() + 20_000;
  let last = "nothing listens";
  while (isRunning(child) && performance.now() < until) {
    const answer = await call(url, CHAT).catch(() => undefined);
    if (answer?.status === 200) return;
    if (answer !== undefined) last = `${answer.status} ${answer.body.slice(0, 300)}`;
    await delay(1);
  }
  await stop(child);
  throw new Error(`No good answer from ${url}: ${last}\n${readFileSync(log, "utf8").slice(-1000)}`);
}

async function checkRewriting(name, upstreamOrigin) {
  const { authorization, model } = await seenBy(upstreamOrigin);
  if (authorization !== REWRITTEN.authorization || model !== REWRITTEN.model) {
    throw new Error(
      `${name} sent the model "${model}" on and another key than its own: it does not do the work that is compared.`,
    );
  }
}

async function seenBy(upstreamOrigin) {
  return JSON.parse((await call(`${upstreamOrigin}/__seen`, "")).body);
}

/** One POST on a connection of its own. */
async function call(url, body) {
  const sent = request(url, { method: "POST", agent: false, headers: { "content-type": "application/json" } });
  sent.end(body);
  const [response] = await once(sent, "response");
  return { status: response.statusCode, body: await text(response) };
}

/** A port of 127.0.0.1 that nothing listens on, as text. */
export async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return String(port);
}
