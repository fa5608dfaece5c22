// Speaks the protocol of the local encoder's threads: one answer a text, in their order. The text says what it does.
import { parentPort, workerData } from "node:worker_threads";

/** Answers kept back until the next text has come. */
const held = [];

parentPort?.on("message", (text) => {
  if (text === "throw") throw new RangeError(`private: ${text}`);
  if (text === "exit") process.exit(3);
  if (text === "hang") return;
  held.push(answerTo(text));
  if (text === "hold") return;
  for (const answer of held.splice(0)) parentPort?.postMessage(answer);
});

function answerTo(text) {
  if (text === "refuse") return { failure: "TypeError" };
  if (text === "thread") return { vector: Float32Array.of(workerData.thread) };
  return { vector: Float32Array.of(text.length) };
}
