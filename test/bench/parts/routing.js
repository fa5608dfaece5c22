import { cp } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { cacheFolder } from "../../services/places.js";
import { start } from "../processes.js";
import { percentile } from "../statistics.js";

const folder = join(cacheFolder, "bench/routing");
const local = fileURLToPath(new URL("../../../src/embeddings/embedders/local", import.meta.url));
const prompts = fileURLToPath(new URL("../../../fixtures/prompts", import.meta.url));

/** Right choices on labelled prompts by each rule, and what they take. What is tuned was measured on sources it was not fitted to. */
export const routing = {
  name: "routing",
  isPossible: true,
  async run() {
    await bundle();
    const child = start(process.execPath, [join(folder, "routing.js"), prompts], { core: 1 });
    const printed = await text(child.stdout);
    if (printed === "") throw new Error("The measuring program failed.");
    const { embed, rules, variants } = JSON.parse(printed);
    const embedTimes = embed.toSorted((a, b) => a - b);
    return [
      { measure: "embed, p50", unit: "ms", gateway: percentile(embedTimes, 50) },
      { measure: "embed, p95", unit: "ms", gateway: percentile(embedTimes, 95) },
      ...Object.entries(rules).flatMap(([rule, figures]) => rowsOf(rule, figures)),
      ...Object.entries(variants).flatMap(([rule, kinds]) =>
        Object.entries(kinds).map(([kind, right]) => ({
          measure: `${rule}: the user's six, ${kind}`,
          unit: "right",
          gateway: right,
        })),
      ),
    ];
  },
};

function rowsOf(rule, { accuracy, macroF1, leak, decide }) {
  const times = decide.toSorted((a, b) => a - b);
  return [
    { measure: `${rule}: right`, unit: "share", gateway: accuracy },
    { measure: `${rule}: macro-F1`, unit: "share", gateway: macroF1 },
    ...(leak === null ? [] : [{ measure: `${rule}: other to a specialist`, unit: "share", gateway: leak }]),
    ...(times.length === 0
      ? []
      : [
          { measure: `${rule}: decide, p50`, unit: "µs", gateway: percentile(times, 50) },
          { measure: `${rule}: decide, p95`, unit: "µs", gateway: percentile(times, 95) },
        ]),
  ];
}

async function bundle() {
  await build({
    entryPoints: {
      routing: fileURLToPath(new URL("../routing.ts", import.meta.url)),
      worker: join(local, "worker.js"),
    },
    outdir: folder,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    logLevel: "silent",
    packages: "external",
  });
  await cp(join(local, "data"), join(folder, "data"), { recursive: true });
}
