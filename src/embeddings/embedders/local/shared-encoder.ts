import { EmbeddingError } from "../../embedding-error.ts";
import { EncoderWorker } from "./encoder-worker.ts";

/** One user's share of the process's encoder. */
export interface SharedEncoder {
  encode(text: string, signal: AbortSignal): Promise<Float32Array>;
  /** Stops the thread when no other share is open. */
  close(): Promise<void>;
}

/** The weights take some 250 MB in a thread: all local embedders of a process, also those of two configurations during a reload, use one. */
let shared: { readonly worker: EncoderWorker; users: number } | undefined;

export function shareEncoder(): SharedEncoder {
  shared ??= { worker: new EncoderWorker(), users: 0 };
  const mine = shared;
  let isOpen = true;
  mine.users += 1;
  return {
    async encode(text, signal) {
      if (!isOpen) throw new EmbeddingError("The local encoder was closed.");
      return await mine.worker.encode(text, signal);
    },
    async close() {
      if (!isOpen) return;
      isOpen = false;
      mine.users -= 1;
      if (mine.users > 0) return;
      if (shared === mine) shared = undefined;
      await mine.worker.close();
    },
  };
}
