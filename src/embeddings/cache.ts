import { createHash } from "node:crypto";
import type { Embedder } from "./embedder.ts";

/** Longer texts are keyed by their hash, so that 1,000 entries hold at most 8 MB of keys. */
const MAX_KEY_CHARACTERS = 4096;

/** One call of the embedder that several callers may wait for. */
interface Flight {
  readonly vector: Promise<Float32Array>;
  readonly controller: AbortController;
  waiting: number;
  isSettled: boolean;
}

/**
 * The vectors of the last texts, in front of an embedder: least recently used entries go first. Callers that ask for the same text at the
 * same time share one call; it is aborted when the last of them has gone. Failures are not kept. The vectors are shared: do not write to them.
 */
export class EmbeddingCache {
  readonly #embedder: Embedder;
  readonly #capacity: number;
  /** Oldest use first: a Map keeps the order of insertion. */
  readonly #vectors = new Map<string, Float32Array>();
  readonly #flights = new Map<string, Flight>();
  /** The key of the last use, which need not be moved to the end. */
  #newest = "";

  constructor(embedder: Embedder, capacity = 1000) {
    this.#embedder = embedder;
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#vectors.size;
  }

  /** The vector when it is at hand, at once; counts as a use. For the request path. */
  peek(text: string): Float32Array | undefined {
    return this.#use(keyOf(text));
  }

  #use(key: string): Float32Array | undefined {
    const vector = this.#vectors.get(key);
    if (vector !== undefined && key !== this.#newest) this.#keep(key, vector);
    return vector;
  }

  /** Rejects as `Embedder.embed` does; an aborted signal rejects this caller at once and leaves the others alone. */
  async embed(text: string, { signal }: { readonly signal: AbortSignal }): Promise<Float32Array> {
    signal.throwIfAborted();
    const key = keyOf(text);
    const vector = this.#use(key);
    if (vector !== undefined) return vector;
    const flight = this.#flights.get(key) ?? this.#start(key, text);
    flight.waiting += 1;
    try {
      return await abortable(flight.vector, signal);
    } finally {
      flight.waiting -= 1;
      if (flight.waiting === 0) this.#leave(key, flight);
    }
  }

  #start(key: string, text: string): Flight {
    const controller = new AbortController();
    const vector = this.#fetch(key, text, controller.signal).finally(() => {
      flight.isSettled = true;
    });
    const flight: Flight = { vector, controller, waiting: 0, isSettled: false };
    this.#flights.set(key, flight);
    return flight;
  }

  async #fetch(key: string, text: string, signal: AbortSignal): Promise<Float32Array> {
    const [vector] = await this.#embedder.embed([text], { signal });
    if (vector === undefined) throw new TypeError("An embedder returned no vector for a text");
    this.#keep(key, vector);
    return vector;
  }

  /** Removed before the abort, so that a caller who comes now starts a flight of its own. */
  #leave(key: string, flight: Flight): void {
    if (this.#flights.get(key) === flight) this.#flights.delete(key);
    // An abort makes an error with its stack: not for nothing.
    if (!flight.isSettled) flight.controller.abort();
  }

  #keep(key: string, vector: Float32Array): void {
    this.#vectors.delete(key);
    this.#vectors.set(key, vector);
    this.#newest = key;
    if (this.#vectors.size <= this.#capacity) return;
    for (const oldest of this.#vectors.keys()) {
      this.#vectors.delete(oldest);
      return;
    }
  }
}

/** The first character keeps a text from posing as the hash of another. */
function keyOf(text: string): string {
  if (text.length <= MAX_KEY_CHARACTERS) return `=${text}`;
  return `#${createHash("sha256").update(text, "utf16le").digest("base64")}`;
}

async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return await new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener("abort", onAbort));
  });
}
