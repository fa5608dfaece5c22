// Builds dist/: one small entry per program, shared chunks between them, loaded lazily so that `gw validate` never pays for undici.
import { cp, rename, rm } from "node:fs/promises";
import { parseArgs } from "node:util";

/** Programs may be running from dist/, or starting: it is replaced at once, when everything is there. */
const next = `dist.next-${process.pid}`;
const old = `dist.old-${process.pid}`;
const localEncoder = "src/embeddings/embedders/local";

const { values } = parseArgs({ options: { prepare: { type: "boolean", default: false } } });

/** `npm ci --omit=dev` runs `prepare` without esbuild: the packed dist/ is then already there. */
async function importEsbuild() {
  try {
    return await import("esbuild");
  } catch (error) {
    if (values.prepare && error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND")
      return undefined;
    throw error;
  }
}

const esbuild = await importEsbuild();
if (esbuild !== undefined) {
  const { generate } = await import("./schemas/generate.js");
  const { writeEncoder } = await import("./src/embeddings/embedders/local/build/write-encoder.js");
  await Promise.all([generate(), writeEncoder()]);
  await esbuild.build({
    entryPoints: { main: "src/cli/main.ts", worker: `${localEncoder}/worker.js` },
    outdir: next,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20.19",
    sourcemap: "linked",
    sourcesContent: false,
    legalComments: "linked",
    logLevel: "warning",
    minifySyntax: true,
    minifyWhitespace: true,
    // Native or very large packages are loaded from node_modules, and only when a configuration asks for them.
    external: ["libsql", "ioredis", "hashi-vault-js", "pg"],
    // Bundled CommonJS packages call require("node:…"), which an ES module does not have.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
  });
  // The encoder finds its files in data/ beside the code, in src/ and in dist/ alike; their licence goes with them.
  const shipped = ["encoder.bin", "encoder.wasm", "LICENCES.md"];
  await Promise.all(shipped.map((name) => cp(`${localEncoder}/data/${name}`, `${next}/data/${name}`)));
  // The first time there is none.
  await rename("dist", old).catch(() => {});
  await rename(next, "dist");
  await rm(old, { recursive: true, force: true });
}
