import { Worker } from "node:worker_threads";
import { EmbeddingError } from "../../embedding-error.ts";
import type { EncodeAnswer, EncodeCall } from "./worker.js";

interface Job extends EncodeCall {
  resolve(vector: Float32Array): void;
  reject(reason: unknown): void;
}

/** Two: the thread starts on the next text while this one hears of the last. The rest waits here, where an abort can take it back. */
const MAX_IN_WORKER = 2;

/**
 * Raw vectors from the model in a thread, one text after the other in the order of the calls. The thread starts with the first call; it
 * keeps the process alive only while calls are pending. When it dies, its pending calls fail and the next call starts another.
 */
export class EncoderWorker {
  readonly #script: URL;
  #worker: Worker | undefined;
  #lastId = 0;
  readonly #queued = new Map<number, Job>();
  readonly #sent = new Map<number, Job>();

  constructor(script = new URL("./worker.js", import.meta.url)) {
    this.#script = script;
  }

  /** Throws EmbeddingError, or the signal's reason. `text` is clean (clean-text.ts). */
  async encode(text: string, signal: AbortSignal): Promise<Float32Array> {
    signal.throwIfAborted();
    this.#lastId += 1;
    const id = this.#lastId;
    let onAbort = (): void => {};
    try {
      return await new Promise<Float32Array>((resolve, reject) => {
        onAbort = () => reject(signal.reason as Error);
        signal.addEventListener("abort", onAbort, { once: true });
        this.#queued.set(id, { id, text, resolve, reject });
        this.#advance();
      });
    } finally {
      signal.removeEventListener("abort", onAbort);
      this.#queued.delete(id);
    }
  }

  /** Pending calls fail. */
  async close(): Promise<void> {
    const worker = this.#worker;
    this.#stop("The local encoder was closed.");
    await worker?.terminate();
  }

  #advance(): void {
    for (const [id, job] of this.#queued) {
      if (this.#sent.size >= MAX_IN_WORKER) break;
      this.#worker ??= this.#start();
      this.#queued.delete(id);
      this.#sent.set(id, job);
      this.#worker.postMessage({ id, text: job.text } satisfies EncodeCall);
    }
    if (this.#sent.size > 0) this.#worker?.ref();
    else this.#worker?.unref();
  }

  #start(): Worker {
    const worker = new Worker(this.#script, { name: "gw-encoder" });
    let reason = "";
    worker.on("message", (answer: EncodeAnswer) => this.#settle(answer));
    worker.on("error", (error) => {
      reason = ` (${"code" in error ? String(error.code) : error.name})`;
    });
    worker.on("exit", () => {
      if (this.#worker === worker) this.#stop(`The local encoder stopped${reason}. The next request starts it again.`);
    });
    return worker;
  }

  #settle(answer: EncodeAnswer): void {
    const job = this.#sent.get(answer.id);
    this.#sent.delete(answer.id);
    this.#advance();
    if ("vector" in answer) job?.resolve(answer.vector);
    else job?.reject(unreadable(job.text, answer.failure));
  }

  #stop(message: string): void {
    const jobs = [...this.#sent.values(), ...this.#queued.values()];
    this.#worker = undefined;
    this.#sent.clear();
    this.#queued.clear();
    for (const job of jobs) job.reject(new EmbeddingError(message));
  }
}

function unreadable(text: string, failure: string): EmbeddingError {
  return new EmbeddingError(`The local encoder could not read a text of ${text.length} characters (${failure}).`);
}
