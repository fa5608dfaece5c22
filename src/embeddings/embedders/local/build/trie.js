// @ts-check
import { TRIE_NODES } from "../encoder/layout.js";
import { FIRST_PIECE } from "../encoder/shape.js";

/** @typedef {{ readonly children: Map<number, Node>, piece: number }} Node */

/**
 * The vocabulary as a trie over UTF-16 code units, numbered breadth first: the children of a node are neighbours, in the order of their
 * characters. Of pieces that are listed twice the later counts, as in the npm package.
 * @param {import("./read-model.js").Vocabulary} vocabulary
 */
export function flattenTrie(vocabulary) {
  const root = growTrie(vocabulary);
  const firstChild = new Uint16Array(TRIE_NODES + 1);
  const character = new Uint16Array(TRIE_NODES);
  const piece = new Uint16Array(TRIE_NODES);
  const nodes = [root];
  for (const [number, node] of nodes.entries()) {
    firstChild[number] = nodes.length;
    piece[number] = node.piece;
    for (const [code, child] of [...node.children].toSorted(([a], [b]) => a - b)) {
      character[nodes.length] = code;
      nodes.push(child);
    }
  }
  if (nodes.length !== TRIE_NODES) throw new RangeError(`The vocabulary's trie has ${nodes.length} nodes`);
  firstChild[TRIE_NODES] = TRIE_NODES;
  return { firstChild, character, piece };
}

/**
 * @param {import("./read-model.js").Vocabulary} vocabulary
 * @returns {Node}
 */
function growTrie(vocabulary) {
  const root = emptyNode();
  for (const [number, [text]] of vocabulary.entries()) {
    if (number >= FIRST_PIECE) addPath(root, text).piece = number;
  }
  return root;
}

/**
 * @param {Node} root
 * @param {string} text
 */
function addPath(root, text) {
  let node = root;
  for (let position = 0; position < text.length; position++) {
    const code = text.charCodeAt(position);
    const child = node.children.get(code) ?? emptyNode();
    node.children.set(code, child);
    node = child;
  }
  return node;
}

/** @returns {Node} */
function emptyNode() {
  return { children: new Map(), piece: 0 };
}
