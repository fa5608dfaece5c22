import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import { cacheFolder } from "../services/places.js";

/** Bundles the measuring program `NAME.ts` of this folder as dist/ is; answers the file to run. */
export async function bundleProgram(name) {
  const outfile = join(cacheFolder, `bench/${name}.mjs`);
  await build({
    entryPoints: [fileURLToPath(new URL(`${name}.ts`, import.meta.url))],
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
