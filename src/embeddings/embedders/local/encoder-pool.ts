import { availableParallelism } from "node:os";
import { EmbeddingError } from "../../embedding-error.ts";
import { type EncoderParts, openEncoderFiles } from "./encoder-files.ts";
import { EncoderThread } from "./encoder-thread.ts";

interface Call {
  readonly texts: readonly string[];
  readonly vectors: Float32Array[];
  /** Position of the next text that no thread has yet. */
  next: number;
  unanswered: number;
  resolve(vectors: readonly Float32Array[]): void;
  reject(reason: unknown): void;
}

export interface PoolOptions {
  readonly script?: URL;
  /** At most. */
  readonly threads?: number;
  readonly open?: (threads: number) => Promise<EncoderParts>;
}

/** One core is left to the thread that serves requests; eight threads encode more than that one can route. */
const MAX_THREADS = Math.min(8, Math.max(1, availableParallelism() - 1));

/**
 * Vectors of length 1 from the model, in threads over one copy of the weights. Files are opened and the first thread starts with the first call,
 * another one when all have their hands full. Calls take turns text by text, so a long list does not hold up a request. When a thread
 * dies, the calls that had a text in it fail, and the next text starts another.
 */
export class EncoderPool {
  readonly #script: URL;
  readonly #maxThreads: number;
  readonly #open: (threads: number) => Promise<EncoderParts>;
  #parts: Promise<EncoderParts> | undefined;
  #isClosed = false;
  readonly #threads = new Set<EncoderThread>();
  /** Calls with texts that no thread has yet, in the order of their turns. */
  readonly #waiting = new Set<Call>();

  constructor({ script, threads = MAX_THREADS, open = openEncoderFiles }: PoolOptions = {}) {
    this.#script = script ?? new URL("./worker.js", import.meta.url);
    this.#maxThreads = threads;
    this.#open = open;
  }

  /** One vector a text, in order. Throws EmbeddingError, or the signal's reason. Texts are clean (clean-text.ts), and there is one at least. */
  async encode(texts: readonly string[], signal: AbortSignal): Promise<readonly Float32Array[]> {
    signal.throwIfAborted();
    const parts = await this.#openOnce();
    signal.throwIfAborted();
    if (this.#isClosed) throw closed();
    return await this.#queue(texts, parts, signal);
  }

  /** Pending calls fail. */
  async close(): Promise<void> {
    this.#isClosed = true;
    for (const call of this.#waiting) call.reject(closed());
    this.#waiting.clear();
    await Promise.all([...this.#threads].map((thread) => thread.close()));
  }

  /** What could not be opened is tried again by the next call. */
  async #openOnce(): Promise<EncoderParts> {
    const parts = (this.#parts ??= this.#open(this.#maxThreads));
    try {
      return await parts;
    } catch (error) {
      if (this.#parts === parts) this.#parts = undefined;
      throw error;
    }
  }

  async #queue(texts: readonly string[], parts: EncoderParts, signal: AbortSignal): Promise<readonly Float32Array[]> {
    let call: Call | undefined;
    let onAbort = (): void => {};
    try {
      return await new Promise<readonly Float32Array[]>((resolve, reject) => {
        onAbort = () => reject(signal.reason as Error);
        signal.addEventListener("abort", onAbort, { once: true });
        call = { texts, vectors: [], next: 0, unanswered: texts.length, resolve, reject };
        this.#waiting.add(call);
        this.#advance(parts);
      });
    } finally {
      signal.removeEventListener("abort", onAbort);
      if (call !== undefined) this.#waiting.delete(call);
    }
  }

  /** Hands out texts while a thread has room: the call whose turn it is gives one and goes to the end of the line. */
  #advance(parts: EncoderParts): void {
    for (const call of this.#waiting) {
      const thread = this.#threadWithRoom(parts);
      if (thread === undefined) return;
      this.#waiting.delete(call);
      this.#send(call, thread, parts);
      if (call.next < call.texts.length) this.#waiting.add(call);
    }
  }

  #send(call: Call, thread: EncoderThread, parts: EncoderParts): void {
    const position = call.next;
    call.next += 1;
    thread.encode(call.texts[position] ?? "", {
      resolve: (vector) => {
        call.vectors[position] = vector;
        call.unanswered -= 1;
        if (call.unanswered === 0) call.resolve(call.vectors);
        this.#advance(parts);
      },
      reject: (error) => {
        call.reject(error);
        this.#waiting.delete(call);
        this.#advance(parts);
      },
    });
  }

  #threadWithRoom(parts: EncoderParts): EncoderThread | undefined {
    const [idlest] = [...this.#threads].toSorted((a, b) => a.pending - b.pending);
    if (idlest?.hasRoom === true) return idlest;
    return this.#threads.size < this.#maxThreads ? this.#start(parts) : undefined;
  }

  #start(parts: EncoderParts): EncoderThread {
    const taken = new Set([...this.#threads].map(({ number }) => number));
    const numbers = Array.from({ length: this.#maxThreads }, (_, number) => number);
    const thread = numbers.find((number) => !taken.has(number)) ?? 0;
    const started = new EncoderThread(this.#script, { ...parts, thread }, () => this.#threads.delete(started));
    this.#threads.add(started);
    return started;
  }
}

function closed(): EmbeddingError {
  return new EmbeddingError("The local encoder was closed.");
}
