import type { RedisConnection, RedisReply } from "../../redis/connection.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { openExactSearch } from "../exact-search.ts";
import { takeNearestOf } from "../nearest.ts";
import type { IndexSpec, VectorItem, VectorMatch } from "../store.ts";
import { fromBytes, inBatches, type RedisBackend, removeKeys, toBytes } from "./redis-backend.ts";
import { everyKey, keysOf, ownerPrefix } from "./redis-keys.ts";

/**
 * The vector sets of Redis 8, which know cosine only: under euclidean the vectors are kept in a hash and compared here. Everything is
 * exact: NOQUANT keeps 32-bit floats, TRUTH compares with every element.
 */
export function createVectorSetBackend(connection: RedisConnection): RedisBackend {
  return {
    name: "redis-vectorset",
    async replace(spec, items, signal) {
      const send: Send = (command, args) => connection.send(command, args);
      const { key, write, remove, list } = spec.metric === "cosine" ? setOf(spec, send) : hashOf(spec, send);
      await inBatches(items, signal, write).catch(async (error: unknown) => {
        if (!isOtherKind(error)) throw error;
        await send("UNLINK", [key]);
        await inBatches(items, signal, write);
      });
      await send("SET", [keysOf(spec).count, items.length]);
      const wanted = new Set(items.map(({ id }) => id));
      const stored = await list();
      const extra = stored.filter((id) => !wanted.has(id));
      await inBatches(extra, signal, remove);
    },
    async search(spec, vector, limit) {
      const { vectorSet, vectorHash } = keysOf(spec);
      if (spec.metric === "euclidean") {
        const stored = Object.entries(await connection.readHash(vectorHash));
        const items = stored.map(([id, bytes]) => ({ id, vector: fromBytes(bytes) }));
        return openExactSearch(spec.metric, items).nearest(vector, limit);
      }
      const bytes = toBytes(vector);
      return await takeNearestOf(limit, async (nearest) =>
        readScores(await connection.send("VSIM", queryOf(vectorSet, bytes, nearest))),
      );
    },
    async removeOrphans(spec, signal) {
      const { prefix } = keysOf(spec);
      const keys = await connection.keys(everyKey(ownerPrefix(spec.owner)));
      const orphans = keys.filter((key) => !key.startsWith(prefix));
      await removeKeys(connection, orphans, signal);
    },
  };
}

type Send = (command: string, args: readonly (string | number | Buffer)[]) => Promise<RedisReply>;

/** The one key that holds the vectors of an index, and how to change what is in it. */
interface Holder {
  readonly key: string;
  readonly write: (item: VectorItem) => Promise<unknown>;
  readonly remove: (id: string) => Promise<unknown>;
  readonly list: () => Promise<readonly string[]>;
}

function setOf(spec: IndexSpec, send: Send): Holder {
  const key = keysOf(spec).vectorSet;
  return {
    key,
    write: ({ id, vector }) => send("VADD", [key, "FP32", toBytes(vector), id, "NOQUANT"]),
    remove: (id) => send("VREM", [key, id]),
    async list() {
      const size = (await send("VCARD", [key])) as number;
      return size === 0 ? [] : ((await send("VRANDMEMBER", [key, size])) as readonly string[]);
    },
  };
}

function hashOf(spec: IndexSpec, send: Send): Holder {
  const key = keysOf(spec).vectorHash;
  return {
    key,
    write: ({ id, vector }) => send("HSET", [key, id, toBytes(vector)]),
    remove: (id) => send("HDEL", [key, id]),
    list: async () => (await send("HKEYS", [key])) as readonly string[],
  };
}

/** What sits under our name was not written by this code: another type, length or precision. */
function isOtherKind(error: unknown): boolean {
  return error instanceof RedisFailure && /WRONGTYPE|dimension mismatch|quantization mismatch/u.test(error.message);
}

function queryOf(key: string, vector: Buffer, count: number): readonly (string | number | Buffer)[] {
  return [key, "FP32", vector, "WITHSCORES", "COUNT", count, "TRUTH"];
}

/** `[id, score, id, score, …]`, where the score is (1 + cosine) / 2. */
function readScores(reply: RedisReply): readonly VectorMatch[] {
  const flat = reply as readonly string[];
  return flat.flatMap((id, index) => {
    const score = flat[index + 1];
    return index % 2 === 0 && score !== undefined ? [{ id, distance: 2 * (1 - Number(score)) }] : [];
  });
}
