import type { RedisConnection } from "../../redis/connection.ts";
import type { IndexSpec, VectorItem, VectorMatch } from "../store.ts";

/**
 * One way to keep vectors in a Redis. What redis.ts has checked before: vectors fit the index, `limit` is at least 1. Throws
 * RedisFailure. redis.ts ends the wait when the signal aborts; what writes looks at it between batches, so that it stops too.
 */
export interface RedisBackend {
  readonly name: string;
  /** Writes every item, then notes the count (redis-keys.ts), then removes other items: the index is never empty in between. */
  replace(spec: IndexSpec, items: readonly VectorItem[], signal: AbortSignal): Promise<void>;
  /** In the order of VectorStore.search; all items when there are no more than `limit`. */
  search(spec: IndexSpec, vector: Float32Array, limit: number): Promise<readonly VectorMatch[]>;
  removeOrphans(spec: IndexSpec, signal: AbortSignal): Promise<void>;
}

/**
 * The commands of one batch travel together. Its size keeps the last of them below the timeout for one command: Redis takes some
 * milliseconds to link a long vector into a large set.
 */
const BATCH = 25;

export async function inBatches<T>(
  all: readonly T[],
  signal: AbortSignal,
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  for (let start = 0; start < all.length; start += BATCH) {
    signal.throwIfAborted();
    await Promise.all(all.slice(start, start + BATCH).map(work));
  }
}

export async function removeKeys(
  connection: RedisConnection,
  keys: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  await inBatches(keys, signal, (key) => connection.send("UNLINK", [key]));
}

/** Little-endian, as Redis wants it; so is every platform that Node runs on. */
export function toBytes(vector: Float32Array): Buffer {
  return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength);
}

/** The bytes of a reply may start anywhere, floats only at multiples of four: copied. */
export function fromBytes(bytes: Buffer): Float32Array {
  return new Float32Array(Uint8Array.from(bytes).buffer);
}
