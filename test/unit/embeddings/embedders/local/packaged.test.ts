import { execFile } from "node:child_process";
import { cp, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";

const root = fileURLToPath(new URL("../../../../../", import.meta.url));
const local = join(root, "src/embeddings/embedders/local");

/** Loaded into the process and its threads before anything else. */
const withoutNetwork = `
import net from "node:net";
net.Socket.prototype.connect = () => { throw new Error("a socket was opened"); };
globalThis.fetch = () => { throw new Error("fetch was called"); };
`;

const program = `
import { localEmbedder } from "./local.js";
const settings = { provider: "local", model: "universal-sentence-encoder-lite", dimensions: 512 };
const embedder = await localEmbedder.create(settings, {});
const [vector] = await embedder.embed(["hello"], { signal: new AbortController().signal });
console.log(vector.length);
`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "gw-local-embedder-"));
  for (const name of ["encoder.bin", "encoder.wasm"]) await cp(join(local, "data", name), join(folder, "data", name));
  await writeFile(join(folder, "without-network.mjs"), withoutNetwork);
  await writeFile(join(folder, "program.mjs"), program);
  await build({
    entryPoints: { local: join(local, "local.ts"), worker: join(local, "worker.js") },
    outdir: folder,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
  });
});
afterAll(async () => await rm(folder, { recursive: true }));

it("works from its bundle without packages and without a network, prints nothing, and lets the process end though nobody closed it", async () => {
  const preload = ["--import", join(folder, "without-network.mjs")];
  const run = await promisify(execFile)(process.execPath, [...preload, join(folder, "program.mjs")]);
  expect(run).toEqual({ stdout: "512\n", stderr: "" });
});
