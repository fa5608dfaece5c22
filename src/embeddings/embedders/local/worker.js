// @ts-check
// One thread of the encoder. Plain JavaScript, as all that it imports, so that the same file runs from src/ and, bundled, from dist/.
import { parentPort, workerData } from "node:worker_threads";
import { createEncoder } from "./encoder/encoder.js";

/**
 * @typedef {{ readonly vector: Float32Array<ArrayBuffer> } | { readonly failure: string }} EncodeAnswer to a text; in the order of the texts
 * @typedef {import("./encoder/forward-pass.js").ThreadParts} ThreadParts
 */

if (parentPort === null) throw new TypeError("This file runs as a worker thread only");
const port = parentPort;
const encode = createEncoder(/** @type {ThreadParts} */ (workerData));
port.on("message", (/** @type {string} */ text) => {
  const answer = tryEncode(text);
  port.postMessage(answer, "vector" in answer ? [answer.vector.buffer] : []);
});

/**
 * @param {string} text
 * @returns {EncodeAnswer}
 */
function tryEncode(text) {
  try {
    return { vector: encode(text) };
  } catch (error) {
    // The name only: a message could quote the text.
    return { failure: error instanceof Error ? error.name : "unknown error" };
  }
}
