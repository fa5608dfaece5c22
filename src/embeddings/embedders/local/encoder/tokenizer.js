// @ts-check
import { places, TRIE_NODES } from "./layout.js";
import { MAX_TOKENS, PIECES, UNKNOWN_PIECE } from "./shape.js";

/** What the vocabulary writes for a space, and before the first word. */
const SPACE = "\u2581";

/**
 * Gives the first MAX_TOKENS pieces of the most probable reading of a text (SentencePiece's unigram model): the best reading up to each character
 * follows from those up to the characters before it, so time grows with the length alone. Agrees with the tokenizer of
 * `@energetic-ai/embeddings`, also in that a character that begins no piece costs nothing and a run of them is one unknown piece.
 * @param {ArrayBufferLike} memory starting with the bytes of data/encoder.bin
 * @returns {(text: string) => readonly number[]}
 */
export function createTokenizer(memory) {
  const firstChild = new Uint16Array(memory, places.trie.firstChild, TRIE_NODES + 1);
  const character = new Uint16Array(memory, places.trie.character, TRIE_NODES);
  const pieceAt = new Uint16Array(memory, places.trie.piece, TRIE_NODES);
  const scores = new Float64Array(memory, places.pieceScores, PIECES);

  /** The node's child by this character; 0, the root, when there is none. */
  const childOf = (/** @type {number} */ node, /** @type {number} */ code) => {
    let low = firstChild[node] ?? 0;
    let high = firstChild[node + 1] ?? 0;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((character[middle] ?? 0) < code) low = middle + 1;
      else high = middle;
    }
    return low < (firstChild[node + 1] ?? 0) && character[low] === code ? low : 0;
  };

  return (text) => {
    const symbols = SPACE + text.replaceAll(" ", SPACE);
    const best = new Float64Array(symbols.length + 1).fill(Number.NEGATIVE_INFINITY);
    const lastPiece = new Uint16Array(symbols.length + 1);
    const lastStart = new Int32Array(symbols.length + 1);
    best[0] = 0;
    const offer = (/** @type {number} */ start, /** @type {number} */ end, /** @type {number} */ piece) => {
      const score = (best[start] ?? 0) + (piece === UNKNOWN_PIECE ? 0 : (scores[piece] ?? 0));
      if (score < (best[end] ?? 0)) return;
      best[end] = score;
      lastPiece[end] = piece;
      lastStart[end] = start;
    };
    for (let start = 0; start < symbols.length; start++) {
      let node = childOf(0, symbols.charCodeAt(start));
      if (node === 0) offer(start, start + 1, UNKNOWN_PIECE);
      for (let end = start + 1; node !== 0; end++) {
        const piece = pieceAt[node] ?? 0;
        if (piece !== 0) offer(start, end, piece);
        node = end < symbols.length ? childOf(node, symbols.charCodeAt(end)) : 0;
      }
    }
    return readBack(lastPiece, lastStart).slice(0, MAX_TOKENS);
  };
}

/**
 * @param {Uint16Array} lastPiece
 * @param {Int32Array} lastStart
 */
function readBack(lastPiece, lastStart) {
  /** @type {number[]} */
  const pieces = [];
  for (let end = lastPiece.length - 1; end > 0; end = lastStart[end] ?? 0) {
    const piece = lastPiece[end] ?? UNKNOWN_PIECE;
    if (piece !== UNKNOWN_PIECE || pieces.at(-1) !== UNKNOWN_PIECE) pieces.push(piece);
  }
  return pieces.reverse();
}
