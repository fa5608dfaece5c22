// @ts-check
import { FILE_BYTES, fingerprint, places } from "../encoder/layout.js";
import { INPUT_WIDTH, MATRICES, MAX_TOKENS, NORMS, PIECES } from "../encoder/shape.js";
import { quantiseMatrix, quantiseRows } from "./quantise.js";
import { EMBEDDINGS, FREQUENCIES, matrixTensors, normTensors } from "./tensor-names.js";
import { flattenTrie } from "./trie.js";

/**
 * The bytes of data/encoder.bin.
 * @param {{ tensors: import("./read-model.js").Tensors, vocabulary: import("./read-model.js").Vocabulary }} model
 */
export function makeWeights({ tensors, vocabulary }) {
  const bytes = new Uint8Array(FILE_BYTES);
  const write = (/** @type {number} */ place, /** @type {NodeJS.TypedArray} */ numbers) =>
    bytes.set(new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength), place);
  const tensor = (/** @type {string} */ name) => {
    const numbers = tensors.get(name);
    if (numbers === undefined) throw new RangeError(`The model has no tensor ${name}`);
    return numbers;
  };

  write(places.fingerprint, fingerprint());
  writeVocabulary(write, vocabulary);
  const embeddings = quantiseRows(tensor(EMBEDDINGS).subarray(0, PIECES * INPUT_WIDTH), INPUT_WIDTH);
  write(places.embeddings.rows, embeddings.rows);
  write(places.embeddings.scales, embeddings.scales.map(doubled));
  write(places.positions, positions(tensor(FREQUENCIES)));
  for (const { name, outputs } of MATRICES) {
    const { weights, bias } = matrixTensors[name];
    const { rows, scales } = quantiseMatrix(tensor(weights), outputs);
    write(places.matrices[name].weights, rows);
    write(places.matrices[name].scales, scales);
    write(places.matrices[name].bias, tensor(bias));
  }
  for (const { name } of NORMS) {
    write(places.norms[name].gain, tensor(normTensors[name].gain));
    write(places.norms[name].bias, tensor(normTensors[name].bias));
  }
  return bytes;
}

/**
 * @param {(place: number, numbers: NodeJS.TypedArray) => void} write
 * @param {import("./read-model.js").Vocabulary} vocabulary
 */
function writeVocabulary(write, vocabulary) {
  const { firstChild, character, piece } = flattenTrie(vocabulary);
  write(places.trie.firstChild, firstChild);
  write(places.trie.character, character);
  write(places.trie.piece, piece);
  // Nine pieces, all with a colon, lost their score when the vocabulary was published; its tokenizer adds null, which is 0.
  write(
    places.pieceScores,
    Float64Array.from(vocabulary, ([, score]) => score ?? 0),
  );
}

/** The graph's input is twice the embedding, plus the position. */
const doubled = (/** @type {number} */ scale) => 2 * scale;

/**
 * @param {Float32Array} frequencies
 * @returns {Float32Array} MAX_TOKENS rows: the sines of the token's place at each frequency, then the cosines
 */
function positions(frequencies) {
  const rows = new Float32Array(MAX_TOKENS * INPUT_WIDTH);
  for (let token = 0; token < MAX_TOKENS; token++) {
    for (const [number, frequency] of frequencies.entries()) {
      rows[token * INPUT_WIDTH + number] = Math.sin(token * frequency);
      rows[token * INPUT_WIDTH + frequencies.length + number] = Math.cos(token * frequency);
    }
  }
  return rows;
}
