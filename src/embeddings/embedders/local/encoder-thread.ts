import { Worker } from "node:worker_threads";
import { EmbeddingError } from "../../embedding-error.ts";
import type { ThreadParts } from "./encoder/forward-pass.js";
import type { EncodeAnswer } from "./worker.js";

/** Two: the thread starts on the next text while this one hears of the last. The rest waits in the pool, where an abort can take it back. */
const MAX_PENDING = 2;

/** What becomes of a text. */
export interface Listener {
  resolve(vector: Float32Array): void;
  reject(error: EmbeddingError): void;
}

interface Pending {
  readonly text: string;
  readonly listener: Listener;
}

/** One thread, which encodes one text after the other. It keeps the process alive only while texts are pending. */
export class EncoderThread {
  /** Of its workspace in the shared memory: free again when `onExit` is called, not before. */
  readonly number: number;
  readonly #worker: Worker;
  readonly #pending: Pending[] = [];

  constructor(script: URL, parts: ThreadParts, onExit: () => void) {
    this.number = parts.thread;
    this.#worker = new Worker(script, { name: `gw-encoder-${parts.thread}`, workerData: parts, resourceLimits });
    let reason = "";
    this.#worker.on("message", (answer: EncodeAnswer) => this.#settle(answer));
    this.#worker.on("error", (error) => {
      reason = ` (${"code" in error ? String(error.code) : error.name})`;
    });
    this.#worker.on("exit", () => {
      onExit();
      this.#rejectAll(`The local encoder stopped${reason}. The next request starts it again.`);
    });
  }

  get pending(): number {
    return this.#pending.length;
  }

  get hasRoom(): boolean {
    return this.#pending.length < MAX_PENDING;
  }

  /** `text` is clean (clean-text.ts). */
  encode(text: string, listener: Listener): void {
    this.#pending.push({ text, listener });
    this.#worker.ref();
    this.#worker.postMessage(text);
  }

  /** Pending texts fail. */
  async close(): Promise<void> {
    this.#rejectAll("The local encoder was closed.");
    await this.#worker.terminate();
  }

  #settle(answer: EncodeAnswer): void {
    const pending = this.#pending.shift();
    if (this.#pending.length === 0) this.#worker.unref();
    if (pending === undefined) return;
    if ("vector" in answer) pending.listener.resolve(answer.vector);
    else pending.listener.reject(unreadable(pending.text, answer.failure));
  }

  #rejectAll(message: string): void {
    for (const { listener } of this.#pending.splice(0)) listener.reject(new EmbeddingError(message));
  }
}

/** MB. The thread's own memory is small; without limits V8 lets it grow before it collects. */
const resourceLimits = { maxYoungGenerationSizeMb: 2, maxOldGenerationSizeMb: 32 };

function unreadable(text: string, failure: string): EmbeddingError {
  return new EmbeddingError(`The local encoder could not read a text of ${text.length} characters (${failure}).`);
}
