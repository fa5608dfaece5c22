import { cp } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { cacheFolder } from "../../services/places.js";
import { start } from "../processes.js";
import { percentile } from "../statistics.js";

const folder = join(cacheFolder, "bench/encoder");
const local = fileURLToPath(new URL("../../../src/embeddings/embedders/local", import.meta.url));
const prompts = fileURLToPath(new URL("../../../fixtures/prompts/dev.jsonl", import.meta.url));

/** The local encoder on one core, beside the npm runner that it replaced: both embed the same labelled prompts and decide by two descriptions. */
export const encoder = {
  name: "encoder",
  isPossible: true,
  async run() {
    await bundle();
    const speed = await run("speed");
    const load = await run("load");
    const memory = await run("memory");
    const times = {
      gateway: speed.gateway.toSorted((a, b) => a - b),
      reference: speed.reference.toSorted((a, b) => a - b),
    };
    return [
      compare("embed and decide, p50; against the npm runner", times, 50, 0.35),
      compare("embed and decide, p95; against the npm runner", times, 95, 0.25),
      {
        measure: "event loop delay, p99, beside it without a pause; R: beside a loop that counts",
        unit: "ms",
        ...load.p99,
      },
      { measure: "prompts encoded a second by one thread", unit: "1/s", gateway: load.perSecond },
      { measure: "from nothing to the first vector", unit: "ms", gateway: memory.ready },
      { measure: "memory of the first thread and the weights", unit: "MB", gateway: memory.first },
      { measure: "memory of another thread", unit: "MB", gateway: memory.another },
    ];
  },
};

function compare(measure, times, percent, goal) {
  const [reference, gateway] = [percentile(times.reference, percent), percentile(times.gateway, percent)];
  return { measure, unit: "ms", reference, gateway, ratio: gateway / reference, goal };
}

async function run(mode) {
  const child = start(process.execPath, [join(folder, "encoder.js"), mode, prompts], { core: 1 });
  const printed = await text(child.stdout);
  if (printed === "") throw new Error(`The measuring program failed in ${mode}.`);
  return JSON.parse(printed);
}

async function bundle() {
  await build({
    entryPoints: {
      encoder: fileURLToPath(new URL("../encoder.ts", import.meta.url)),
      worker: join(local, "worker.js"),
    },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "silent",
    packages: "external",
  });
  for (const name of ["encoder.bin", "encoder.wasm"]) await cp(join(local, "data", name), join(folder, "data", name));
}
