import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { cacheFolder, redisFolder } from "../../services/places.js";
import { firstOutput, start, stop } from "../processes.js";
import { freePort } from "../workbench.js";

const redisServer = join(redisFolder, "bin/redis-server");

/** Choosing a target, without the HTTP around it and without the embedding: for comparing versions of gw, there is no goal. */
export const decision = {
  name: "decision",
  needsGateway: false,
  isPossible: true,
  async run() {
    const program = await bundle();
    const redis = await startRedis();
    const child = start(process.execPath, [program, ...(redis === undefined ? [] : [redis.port])], { core: 1 });
    const printed = await text(child.stdout);
    if (redis !== undefined) await stop(redis.child);
    if (printed === "") throw new Error("The measuring program failed.");
    return Object.values(JSON.parse(printed)).flatMap(({ store, cached, uncached }) => [
      { measure: `decision, ${store}, text seen before`, unit: "µs", gateway: cached },
      { measure: `decision, ${store}, new text`, unit: "µs", gateway: uncached },
    ]);
  },
};

async function bundle() {
  const outfile = join(cacheFolder, "bench/decision.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("../decision.ts", import.meta.url))],
    outfile,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "silent",
    packages: "external",
  });
  return outfile;
}

/** An empty Redis 8 that keeps nothing, from `npm run services`; undefined when that has not been run. */
async function startRedis() {
  if (!existsSync(redisServer)) {
    console.error("decision: without Redis, which `npm run services` installs.");
    return undefined;
  }
  const port = await freePort();
  const child = start(redisServer, ["--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"], {
    core: 0,
  });
  await untilReady(child);
  return { port, child };
}

/** Redis says many things before it is ready. */
async function untilReady(redis) {
  let output = await firstOutput(redis);
  while (!output.includes("Ready to accept connections")) output += await firstOutput(redis);
}
