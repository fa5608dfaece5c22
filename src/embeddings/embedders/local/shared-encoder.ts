import { EmbeddingError } from "../../embedding-error.ts";
import { EncoderPool } from "./encoder-pool.ts";

/** One user's share of the process's encoder. */
export interface SharedEncoder {
  encode(texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]>;
  /** Stops the threads when no other share is open. */
  close(): Promise<void>;
}

/** All local embedders of a process, also those of two configurations during a reload, share one pool: its threads are made for all cores. */
let shared: { readonly pool: EncoderPool; users: number } | undefined;

export function shareEncoder(): SharedEncoder {
  shared ??= { pool: new EncoderPool(), users: 0 };
  const mine = shared;
  let isOpen = true;
  mine.users += 1;
  return {
    async encode(texts, signal) {
      if (!isOpen) throw new EmbeddingError("The local encoder was closed.");
      return await mine.pool.encode(texts, signal);
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      mine.users -= 1;
      if (mine.users > 0) return;
      if (shared === mine) shared = undefined;
      await mine.pool.close();
    },
  };
}
