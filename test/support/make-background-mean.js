// @ts-check
// Writes src/embeddings/embedders/local/data/background-mean.ts: node test/support/make-background-mean.js
import { readFile, writeFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { transform } from "esbuild";
import { createEncoder } from "../../src/embeddings/embedders/local/encoder/encoder.js";
import { openEncoder } from "./open-encoder.js";

const LOCAL = new URL("../../src/embeddings/embedders/local/", import.meta.url);
const PROMPTS = new URL("../../fixtures/prompts/dev.jsonl", import.meta.url);

/**
 * The mean of the model's vectors of the prompts labelled `other`, cleaned as the embedder cleans texts.
 * @returns {Promise<Float32Array>}
 */
export async function makeBackgroundMean() {
  const cleanText = await importCleanText();
  const lines = (await readFile(PROMPTS, "utf8")).trim().split("\n");
  /** @type {{ prompt: string, label: string }[]} */
  const rows = lines.map((line) => JSON.parse(line));
  const texts = rows.filter((row) => row.label === "other").map((row) => cleanText(row.prompt));
  const sum = await sumOfVectors(texts);
  return Float32Array.from(sum, (value) => value / texts.length);
}

/**
 * @param {readonly string[]} texts
 * @returns {Promise<Float64Array>}
 */
async function sumOfVectors(texts) {
  const sum = new Float64Array(512);
  const encode = createEncoder(await openEncoder());
  for (const text of texts) {
    for (const [position, value] of encode(text).entries()) sum[position] = (sum[position] ?? 0) + value;
  }
  return sum;
}

/** @returns {Promise<(text: string) => string>} */
async function importCleanText() {
  const { code } = await transform(await readFile(new URL("clean-text.ts", LOCAL), "utf8"), { loader: "ts" });
  const module = await import(`data:text/javascript,${encodeURIComponent(code)}`);
  return module.cleanText;
}

/** @param {Float32Array} mean */
function toModule(mean) {
  const bytes = Buffer.alloc(4 * mean.length);
  for (const [position, value] of mean.entries()) bytes.writeFloatLE(value, 4 * position);
  return `/**
 * Mean of the vectors that universal-sentence-encoder-lite gives to the 451 prompts labelled \`other\` in fixtures/prompts/dev.jsonl:
 * 512 32-bit floats, little-endian, in base64. Written by test/support/make-background-mean.js; sources and licences in LICENCES.md.
 */
export const backgroundMean =
  "${bytes.toString("base64")}";
`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeFile(new URL("data/background-mean.ts", LOCAL), toModule(await makeBackgroundMean()));
}
