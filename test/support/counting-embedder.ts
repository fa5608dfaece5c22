import type { Embedder } from "../../src/embeddings/embedder.ts";

export interface CountingEmbedder extends Embedder {
  /** The texts of every call so far. */
  readonly calls: readonly string[];
  /** Signals of the calls that are waiting to be answered. */
  readonly waiting: readonly AbortSignal[];
  /** Answers the oldest waiting call. */
  succeed(): void;
  fail(error: Error): void;
}

/** An embedder of one number, the text's length, that answers when the test says so. */
export function countingEmbedder(): CountingEmbedder {
  const calls: string[] = [];
  const waiting: {
    text: string;
    signal: AbortSignal;
    resolve(vectors: Float32Array[]): void;
    reject(error: Error): void;
  }[] = [];
  return {
    name: "counting",
    model: "length",
    dimensions: 1,
    calls,
    get waiting() {
      return waiting.map(({ signal }) => signal);
    },
    async embed(texts, { signal }) {
      const text = texts.join();
      calls.push(text);
      return await new Promise((resolve, reject) => {
        waiting.push({ text, signal, resolve, reject });
        signal.addEventListener("abort", () => reject(signal.reason as Error));
      });
    },
    succeed() {
      const call = waiting.shift();
      call?.resolve([Float32Array.of(call.text.length)]);
    },
    fail: (error) => waiting.shift()?.reject(error),
    async close() {},
  };
}
