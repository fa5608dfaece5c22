// @ts-check
// Where things lie in the memory that the encoder's threads share: first the bytes of data/encoder.bin, which nobody writes to, then one
// workspace a thread.
import { createHash } from "node:crypto";
import { INNER_WIDTH, INPUT_WIDTH, MATRICES, MAX_TOKENS, NORMS, PIECES, WIDTH } from "./shape.js";

/** Nodes of the vocabulary's trie, the root included. */
export const TRIE_NODES = 18_293;

/** Rows of activations come in fours, because the kernel multiplies four at a time; the last few may be padding. */
export const ROWS_PER_TILE = 4;

const PAGE_BYTES = 65_536;
const ALIGNMENT = 64;
const FINGERPRINT_BYTES = 32;

/**
 * @typedef {{ readonly weights: number, readonly scales: number, readonly bias: number }} MatrixPlace
 * @typedef {{ readonly gain: number, readonly bias: number }} NormPlace
 */

const file = allocator(0);

/** Byte offsets in data/encoder.bin and in memory. Everything is little-endian; the file starts with `fingerprint`. */
export const places = {
  fingerprint: file.take(FINGERPRINT_BYTES),
  /** 16-bit integers, one a node: its first child (its last one lies before the next node's first), its character, the piece that ends there. */
  trie: {
    firstChild: file.take(2 * (TRIE_NODES + 1)),
    character: file.take(2 * TRIE_NODES),
    piece: file.take(2 * TRIE_NODES),
  },
  /** 64-bit floats, one a piece: the logarithm of its probability. */
  pieceScores: file.take(8 * PIECES),
  /** INPUT_WIDTH 8-bit integers a piece, and the 32-bit float each row is multiplied by. */
  embeddings: { rows: file.take(PIECES * INPUT_WIDTH), scales: file.take(4 * PIECES) },
  /** 32-bit floats: what is added to a token for its place in the text. */
  positions: file.take(4 * MAX_TOKENS * INPUT_WIDTH),
  matrices: /** @type {Readonly<Record<import("./shape.js").MatrixName, MatrixPlace>>} */ (
    Object.fromEntries(
      MATRICES.map(({ name, inputs, outputs }) => [
        name,
        { weights: file.take(inputs * outputs), scales: file.take(4 * outputs), bias: file.take(4 * outputs) },
      ]),
    )
  ),
  norms: /** @type {Readonly<Record<import("./shape.js").NormName, NormPlace>>} */ (
    Object.fromEntries(
      NORMS.map(({ name, width }) => [name, { gain: file.take(4 * width), bias: file.take(4 * width) }]),
    )
  ),
};

export const FILE_BYTES = file.taken();

/** Changes with every offset above, so that a file of another version is refused instead of misread. 32 bytes. */
export function fingerprint() {
  return createHash("sha256")
    .update(JSON.stringify([places, FILE_BYTES]))
    .digest();
}

const WORKSPACE_BYTES = 17 * PAGE_BYTES;

/** Pages of a memory with `threads` workspaces. A page that no thread touches costs nothing. */
export const pagesFor = (/** @type {number} */ threads) =>
  Math.ceil(FILE_BYTES / PAGE_BYTES) + threads * (WORKSPACE_BYTES / PAGE_BYTES);

/** @typedef {ReturnType<typeof workspaceOf>} Workspace */

/**
 * Byte offsets of what the thread with this number computes with: 32-bit floats, one row a token, but for `quantised`.
 * @param {number} thread
 */
export function workspaceOf(thread) {
  const start = Math.ceil(FILE_BYTES / PAGE_BYTES) * PAGE_BYTES + thread * WORKSPACE_BYTES;
  const memory = allocator(start);
  const floats = (/** @type {number} */ width) => memory.take(4 * MAX_TOKENS * width);
  const workspace = {
    /** The tokens as they enter the first layer. */
    input: floats(INPUT_WIDTH),
    /** What the layers add to: the stream of the residuals. */
    stream: floats(WIDTH),
    normalised: floats(WIDTH),
    /** Queries, keys and values side by side; or the inside of a feed-forward block. */
    wide: floats(3 * WIDTH),
    /** How much one token looks at each, and what fills up four. */
    scores: memory.take(4 * (MAX_TOKENS + 4)),
    attended: floats(WIDTH),
    /** Input of a product: 16-bit integers, tile by tile, and the float each row is multiplied by. */
    quantised: memory.take(2 * MAX_TOKENS * INNER_WIDTH),
    rowScales: memory.take(4 * MAX_TOKENS),
    output: memory.take(4 * ROWS_PER_TILE * WIDTH),
  };
  if (memory.taken() > start + WORKSPACE_BYTES) throw new RangeError("A workspace has outgrown its pages");
  return workspace;
}

/** @param {number} start */
function allocator(start) {
  let end = start;
  return {
    take(/** @type {number} */ bytes) {
      const place = end;
      end = Math.ceil((end + bytes) / ALIGNMENT) * ALIGNMENT;
      return place;
    },
    taken: () => end,
  };
}
