import { existsSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { redisFolder } from "../../services/places.js";
import { bundleProgram } from "../bundle.js";
import { firstOutput, start, stop } from "../processes.js";
import { freePort } from "../workbench.js";

const redisServer = join(redisFolder, "bin/redis-server");

/** Choosing a target, without the HTTP around it and without the embedding: for comparing versions of gw. */
export const decision = {
  name: "decision",
  needsGateway: false,
  isPossible: true,
  async run() {
    const program = await bundleProgram("decision");
    const redis = await startRedis();
    const child = start(process.execPath, [program, ...(redis === undefined ? [] : [redis.port])], { core: 1 });
    const printed = await text(child.stdout);
    if (redis !== undefined) await stop(redis.child);
    if (printed === "") throw new Error("The measuring program failed.");
    const { stores, many } = JSON.parse(printed);
    return [
      ...stores.flatMap(({ store, cached, uncached }) => [
        { measure: `decision, ${store}, text seen before`, unit: "µs", gateway: cached },
        { measure: `decision, ${store}, new text`, unit: "µs", gateway: uncached },
      ]),
      // Goals: 50 and 400 µs.
      ...many.map(({ count, median }) => ({
        measure: `decision among ${count} targets, p50`,
        unit: "µs",
        gateway: median,
      })),
    ];
  },
};

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
