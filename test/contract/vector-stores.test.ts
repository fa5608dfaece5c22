import { expect } from "vitest";
import { memoryVectorStore } from "../../src/vectors/stores/memory.ts";
import { describeWithPostgres, startPostgres } from "../services/postgres.ts";
import { describeWithRedis, startRedis } from "../services/redis.ts";
import { createFakeRediSearch } from "../support/fake-redisearch.ts";
import { openPgvectorStore } from "../support/pgvector-store.ts";
import { startRedisCluster } from "../support/redis-cluster.ts";
import { openRedisStore } from "../support/redis-store.ts";
import { startRespServer } from "../support/resp-server.ts";
import { vectorStoreContract } from "./vector-store.contract.ts";

vectorStoreContract("memory", async () => {
  const settings = {
    strategy: "memory",
    connection: {},
    resolve: async () => await Promise.reject(new Error("unused")),
  };
  const store = await memoryVectorStore.create(settings, { notify: () => {} });
  return { store, name: "memory", close: async () => await store.close() };
});

describeWithPostgres("PostgreSQL 17", () => {
  vectorStoreContract("pgvector", async () => {
    const server = await startPostgres();
    const store = await openPgvectorStore({ host: server.host, port: server.port });
    return {
      store,
      name: "pgvector",
      async close() {
        await store.close();
        await server.remove();
      },
    };
  });
});

describeWithRedis("Redis 8", () => {
  vectorStoreContract("redis (vector sets)", async () => {
    const server = await startRedis({ host: "127.0.41.1" });
    const store = await openRedisStore({ host: server.host, port: server.port, database: 3 });
    return {
      store,
      name: "redis-vectorset",
      async close() {
        await store.close();
        await server.stop();
      },
    };
  });

  vectorStoreContract("redis (vector sets in a cluster)", async () => {
    const cluster = await startRedisCluster("127.0.41.2");
    const store = await openRedisStore({ cluster_nodes: cluster.nodes.slice(0, 1) });
    return {
      store,
      name: "redis-vectorset",
      async close() {
        await store.close();
        await cluster.stop();
      },
    };
  });
});

vectorStoreContract("redis (RediSearch)", async () => {
  const search = createFakeRediSearch();
  const server = await startRespServer(search.handle, "127.0.41.3");
  const store = await openRedisStore({ host: server.host, port: server.port });
  return {
    store,
    name: "redis-search",
    async close() {
      expect(search.refused).toEqual([]);
      await store.close();
      await server.close();
    },
  };
});
