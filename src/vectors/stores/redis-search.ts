import type { RedisConnection, RedisReply } from "../../redis/connection.ts";
import { RedisFailure } from "../../redis/failure.ts";
import { takeNearestOf } from "../nearest.ts";
import type { IndexSpec, VectorMatch } from "../store.ts";
import { inBatches, type RedisBackend, removeKeys, toBytes } from "./redis-backend.ts";
import { everyKey, keysOf, ownerPrefix } from "./redis-keys.ts";

/**
 * RediSearch (Redis Stack, and Redis 8 as Redis Ltd. builds it) and what speaks its commands: a hash for each item, found through a
 * FLAT index, which compares with every vector as the memory store does; of many items through HNSW, which may miss some far ones.
 */
export function createSearchBackend(connection: RedisConnection): RedisBackend {
  return {
    name: "redis-search",
    async replace(spec, items, signal) {
      const { searchIndex, itemPrefix, count } = keysOf(spec);
      await unlessSaid(ALREADY_THERE, connection.send("FT.CREATE", [searchIndex, ...schemaOf(spec, items.length)]));
      await inBatches(items, signal, ({ id, vector }) =>
        connection.send("HSET", [`${itemPrefix}${id}`, "target", id, "vector", toBytes(vector)]),
      );
      await connection.send("SET", [count, items.length]);
      const wanted = new Set(items.map(({ id }) => `${itemPrefix}${id}`));
      const stored = await connection.keys(everyKey(itemPrefix));
      const extra = stored.filter((key) => !wanted.has(key));
      await removeKeys(connection, extra, signal);
    },
    async search(spec, vector, limit) {
      const { searchIndex } = keysOf(spec);
      const bytes = toBytes(vector);
      return await takeNearestOf(limit, async (nearest) =>
        readMatches(await connection.send("FT.SEARCH", [searchIndex, ...queryOf(bytes, nearest)])),
      );
    },
    async removeOrphans(spec, signal) {
      const { prefix } = keysOf(spec);
      const isOrphan = (name: string): boolean => name.startsWith(ownerPrefix(spec.owner)) && !name.startsWith(prefix);
      const indexes = (await connection.send("FT._LIST", [])) as readonly string[];
      for (const index of indexes.filter(isOrphan)) await drop(connection, index);
      const keys = await connection.keys(everyKey(ownerPrefix(spec.owner)));
      await removeKeys(connection, keys.filter(isOrphan), signal);
    },
  };
}

/** Several gateways start, or clean up, at once: who comes second finds the work done. */
const ALREADY_THERE = /already exists/iu;
const ALREADY_GONE = /unknown index|no such index/iu;

async function unlessSaid(done: RegExp, command: Promise<RedisReply>): Promise<void> {
  try {
    await command;
  } catch (error) {
    if (!(error instanceof RedisFailure && done.test(error.message))) throw error;
  }
}

async function drop(connection: RedisConnection, index: string): Promise<void> {
  await unlessSaid(ALREADY_GONE, connection.send("FT.DROPINDEX", [index, "DD"]));
}

/** From here on comparing with every vector costs the server more than a request should. */
const MOST_FLAT = 1000;

function schemaOf(spec: IndexSpec, count: number): readonly string[] {
  const metric = spec.metric === "cosine" ? "COSINE" : "L2";
  const { itemPrefix } = keysOf(spec);
  const options = ["TYPE", "FLOAT32", "DIM", String(spec.dimensions), "DISTANCE_METRIC", metric];
  const fields = [
    "target",
    "TAG",
    "vector",
    "VECTOR",
    count > MOST_FLAT ? "HNSW" : "FLAT",
    String(options.length),
    ...options,
  ];
  return ["ON", "HASH", "PREFIX", "1", itemPrefix, "SCHEMA", ...fields];
}

function queryOf(vector: Buffer, count: number): readonly (string | Buffer)[] {
  const nearest = [`*=>[KNN ${count} @vector $v AS distance]`, "PARAMS", "2", "v", vector];
  const order = ["SORTBY", "distance", "ASC", "RETURN", "2", "target", "distance"];
  return [...nearest, ...order, "LIMIT", "0", String(count), "DIALECT", "2"];
}

/** `[total, key, [field, value, …], key, […], …]` */
function readMatches(reply: RedisReply): readonly VectorMatch[] {
  const [, ...rows] = reply as readonly (number | string | readonly string[])[];
  return rows.filter((row) => Array.isArray(row)).map(readMatch);
}

function readMatch(row: readonly string[]): VectorMatch {
  const value = (field: string): string => row[row.indexOf(field) + 1] ?? "";
  const distance = Number(value("distance"));
  // A zero query: RediSearch says -nan, the contract 1. Rounding of 32-bit floats can give a distance just below 0.
  return { id: value("target"), distance: Number.isNaN(distance) ? 1 : Math.max(0, distance) };
}
