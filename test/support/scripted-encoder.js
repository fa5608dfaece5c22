// Speaks the protocol of the local encoder's worker; the text says what it does.
import { parentPort } from "node:worker_threads";

parentPort?.on("message", ({ id, text }) => {
  if (text === "throw") throw new RangeError(`private: ${text}`);
  if (text === "exit") process.exit(3);
  if (text === "refuse") parentPort?.postMessage({ id, failure: "TypeError" });
  else if (text !== "hang") parentPort?.postMessage({ id, vector: Float32Array.of(text.length) });
});
