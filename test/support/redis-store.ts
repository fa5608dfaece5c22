import type { JsonObject } from "../../src/core/json.ts";
import { Secret } from "../../src/core/secret.ts";
import type { VectorStore } from "../../src/vectors/store.ts";
import { redisVectorStore } from "../../src/vectors/stores/redis.ts";

/** A store on `connection`, Kong's `redis` block; texts stand for themselves unless `secrets` has a value for them. */
export async function openRedisStore(
  connection: JsonObject,
  secrets: Readonly<Record<string, string>> = {},
): Promise<VectorStore> {
  const settings = {
    strategy: "redis",
    connection,
    resolve: async (text: string) => new Secret(secrets[text] ?? text),
  };
  return await redisVectorStore.create(settings, { notify: () => {} });
}
