// @ts-check
import { createForwardPass } from "./forward-pass.js";
import { createTokenizer } from "./tokenizer.js";

/**
 * The model: text in, vector of length 1 out. No two encoders may have the same workspace.
 * @param {import("./forward-pass.js").ThreadParts} parts
 * @returns {(text: string) => Float32Array<ArrayBuffer>}
 */
export function createEncoder(parts) {
  const tokenize = createTokenizer(parts.memory.buffer);
  const passForward = createForwardPass(parts);
  return (text) => passForward(tokenize(text));
}
