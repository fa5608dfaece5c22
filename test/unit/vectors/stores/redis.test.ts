import { inspect } from "node:util";
import { Redis } from "ioredis";
import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { IndexSpec, VectorStore } from "../../../../src/vectors/store.ts";
import {
  describeWithPlainRedis,
  describeWithRedis,
  freePort,
  type RedisServer,
  startRedis,
  startRedisWithoutVectors,
} from "../../../services/redis.ts";
import { createFakeRediSearch } from "../../../support/fake-redisearch.ts";
import { openRedisStore } from "../../../support/redis-store.ts";
import { failure, startRespServer } from "../../../support/resp-server.ts";

const options = { signal: new AbortController().signal };
const cosine: IndexSpec = { owner: "plugin", fingerprint: "f1", dimensions: 2, metric: "cosine" };
const euclidean: IndexSpec = { ...cosine, metric: "euclidean" };
const items = [
  { id: "a", vector: Float32Array.of(1, 0) },
  { id: "b", vector: Float32Array.of(0, 1) },
];
const query = Float32Array.of(1, 0);
const mismatch = { code: "GW_VECTOR_MISMATCH" };

describeWithRedis("the Redis store on vector sets", () => {
  let server: RedisServer;
  let admin: Redis;
  beforeAll(async () => {
    server = await startRedis({ host: "127.0.43.1" });
    admin = new Redis({ host: server.host, port: server.port });
  });
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  const open = async (): Promise<VectorStore> => {
    await admin.flushall();
    const store = await openRedisStore({ host: server.host, port: server.port });
    onTestFinished(async () => await store.close());
    return store;
  };

  it("keeps an index below the names of its owner and fingerprint, in one slot", async () => {
    const store = await open();
    await store.replace(cosine, items, options);
    await store.replace({ ...euclidean, owner: "other:{x}" }, items, options);
    expect((await admin.keys("*")).toSorted()).toEqual([
      "gw:{other%3A%7Bx%7D}:f1:count",
      "gw:{other%3A%7Bx%7D}:f1:hash",
      "gw:{plugin}:f1:count",
      "gw:{plugin}:f1:set",
    ]);
  });

  it.each([cosine, euclidean])("tells when a server has lost the $metric index, and takes it again", async (spec) => {
    const store = await open();
    await store.replace(spec, items, options);
    await admin.flushall();
    await expect(store.search(spec, query, 2, options)).rejects.toMatchObject(mismatch);
    await store.replace(spec, items, options);
    expect((await store.search(spec, query, 2, options)).map(({ id }) => id)).toEqual(["a", "b"]);
  });

  it("tells when a part of the index is gone", async () => {
    const store = await open();
    await store.replace(cosine, items, options);
    await admin.call("VREM", "gw:{plugin}:f1:set", "b");
    await expect(store.search(cosine, query, 2, options)).rejects.toMatchObject({
      ...mismatch,
      message: /holds 1 of the 2 vectors/u,
    });
  });

  it.each([
    ["another type", ["SET", "gw:{plugin}:f1:set", "x"]],
    ["vectors of another length", ["VADD", "gw:{plugin}:f1:set", "VALUES", "3", "1", "2", "3", "a", "NOQUANT"]],
    ["vectors of less precision", ["VADD", "gw:{plugin}:f1:set", "VALUES", "2", "1", "2", "a"]],
  ])("replaces %s that it finds under its name", async (_what, [command = "", ...args]) => {
    const store = await open();
    await admin.call(command, ...args);
    await store.replace(cosine, items, options);
    expect(await store.search(cosine, query, 2, options)).toEqual([
      { id: "a", distance: 0 },
      { id: "b", distance: 1 },
    ]);
  });

  it("stops writing when the signal aborts", async () => {
    const store = await open();
    await store.replace(cosine, items, options);
    const many = Array.from({ length: 2_000 }, (_, index) => ({ id: `m${index}`, vector: Float32Array.of(1, index) }));
    const controller = new AbortController();
    const replacing = store.replace(cosine, many, { signal: controller.signal });
    await vi.waitFor(async () => expect(await admin.call("VCARD", "gw:{plugin}:f1:set")).toBeGreaterThan(2));
    controller.abort(new Error("gone"));
    await expect(replacing).rejects.toThrow("gone");
    await store.replace(cosine, items, options);
    expect(await store.search(cosine, query, 9, options)).toHaveLength(2);
  });

  it("says what a user may not do", async () => {
    await admin.call("ACL", "SETUSER", "reader", "on", ">reader-Password-1", "~gw:*", "+@all", "-vadd");
    const login = { username: "reader", password: "reader-Password-1" };
    const store = await openRedisStore({ host: server.host, port: server.port, ...login });
    onTestFinished(async () => await store.close());
    await expect(store.replace(cosine, items, options)).rejects.toMatchObject({
      code: "GW_VECTOR_UNSUPPORTED",
      message: /NOPERM.*'vadd'.*Grant the user/u,
    });
  });

  it("is unreachable while the server is away, and asks to be filled when it returns empty", async () => {
    const mortal = await startRedis({ host: "127.0.43.2" });
    onTestFinished(async () => await mortal.stop());
    const store = await openRedisStore({ host: mortal.host, port: mortal.port });
    onTestFinished(async () => await store.close());
    await store.replace(cosine, items, options);
    await mortal.stop();
    const message = `Redis at 127.0.43.2:${mortal.port} cannot be used: `;
    for (let call = 0; call < 3; call += 1) {
      await expect(store.search(cosine, query, 2, options)).rejects.toMatchObject({
        code: "GW_VECTOR_UNREACHABLE",
        message: expect.stringContaining(message),
      });
    }
    await mortal.start();
    const isBack = async () => await expect(store.search(cosine, query, 2, options)).rejects.toMatchObject(mismatch);
    await vi.waitFor(isBack, { timeout: 10_000 });
    await store.replace(cosine, items, options);
    expect(await store.search(cosine, query, 2, options)).toHaveLength(2);
  });

  it("says that the login was refused, and keeps the password to itself", async () => {
    const guarded = await startRedis({ host: "127.0.43.3", flags: ["--requirepass", "right-Password-1"] });
    onTestFinished(async () => await guarded.stop());
    const reference = "{vault://hcv/redis/password}";
    const connection = { host: guarded.host, port: guarded.port, password: reference };
    const store = await openRedisStore(connection, { [reference]: "wrong-Password-2" });
    onTestFinished(async () => await store.close());
    const error: unknown = await store.search(cosine, query, 2, options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({
      code: "GW_VECTOR_UNREACHABLE",
      message: /refused the login: WRONGPASS.*Check username/u,
    });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("wrong-Password-2");
  });
});

describeWithPlainRedis("the Redis store on a Redis without vectors", () => {
  it("says what to install, each time it is asked", async () => {
    const server = await startRedisWithoutVectors({ host: "127.0.43.4" });
    onTestFinished(async () => await server.stop());
    const store = await openRedisStore({ host: server.host, port: server.port });
    onTestFinished(async () => await store.close());
    for (let call = 0; call < 2; call += 1) {
      await expect(store.replace(cosine, items, options)).rejects.toMatchObject({
        code: "GW_VECTOR_UNSUPPORTED",
        message:
          `Redis at 127.0.43.4:${server.port} has neither RediSearch nor vector sets. ` +
          "Use Redis 8 or Redis Stack, or vectordb.strategy: memory.",
      });
    }
  });
});

describe("the Redis store on RediSearch", () => {
  const openSearch = async (host: string) => {
    const { handle } = createFakeRediSearch();
    const intercepted: Record<string, string> = {};
    const sent: string[] = [];
    const server = await startRespServer((words) => {
      sent.push(words.map((word) => word.toString("latin1")).join(" "));
      return intercepted[String(words[0])] ?? handle(words);
    }, host);
    const store = await openRedisStore({ host, port: server.port });
    onTestFinished(async () => {
      await store.close();
      await server.close();
    });
    return { store, intercepted, sent };
  };

  it("creates the index before it writes, and drops the indexes of other fingerprints with their items", async () => {
    const { store, sent } = await openSearch("127.0.43.5");
    await store.replace({ ...cosine, fingerprint: "old" }, items, options);
    await store.replace(cosine, [], options);
    await store.removeOrphans(cosine, options);
    const names = sent.map((line) => line.split(" ").slice(0, 2).join(" "));
    expect(names.indexOf("FT.CREATE gw:{plugin}:old:index")).toBeLessThan(names.indexOf("HSET gw:{plugin}:old:item:a"));
    expect(sent).toContain("FT.DROPINDEX gw:{plugin}:old:index DD");
    expect(sent).toContain("UNLINK gw:{plugin}:old:count");
    expect(sent.filter((line) => line.startsWith("UNLINK gw:{plugin}:f1"))).toEqual([]);
  });

  it("makes an HNSW index for more than 1,000 items, a FLAT one for fewer", async () => {
    const { store, sent } = await openSearch("127.0.43.10");
    const many = Array.from({ length: 1001 }, (_, index) => ({ id: String(index), vector: Float32Array.of(1, index) }));
    await store.replace({ ...cosine, fingerprint: "many" }, many, options);
    await store.replace(cosine, many.slice(0, 1000), options);
    const made = sent.filter((line) => line.startsWith("FT.CREATE")).map((line) => / VECTOR (\w+) /u.exec(line)?.[1]);
    expect(made).toEqual(["HNSW", "FLAT"]);
    const nearest = await store.search({ ...cosine, fingerprint: "many" }, query, 3, options);
    expect(nearest.map(({ id }) => id)).toEqual(["0", "1", "2"]);
  });

  it("says GW_VECTOR_MISMATCH for an index that is not there", async () => {
    const { store } = await openSearch("127.0.43.6");
    await expect(store.search(cosine, query, 2, options)).rejects.toMatchObject({
      ...mismatch,
      message: /No such index/u,
    });
  });

  it("passes on other answers as GW_VECTOR_UNREACHABLE", async () => {
    const { store, intercepted } = await openSearch("127.0.43.7");
    intercepted["HSET"] = failure("OOM command not allowed when used memory > 'maxmemory'.");
    await expect(store.replace(cosine, items, options)).rejects.toMatchObject({
      code: "GW_VECTOR_UNREACHABLE",
      message: /answered: OOM command not allowed/u,
    });
  });

  it("looks again when the server no longer knows its commands", async () => {
    const { store, intercepted, sent } = await openSearch("127.0.43.8");
    await store.replace(cosine, items, options);
    intercepted["FT.SEARCH"] = failure("ERR unknown command 'FT.SEARCH', with args beginning with: 'x'");
    await expect(store.search(cosine, query, 2, options)).rejects.toMatchObject({ code: "GW_VECTOR_UNSUPPORTED" });
    delete intercepted["FT.SEARCH"];
    expect(await store.search(cosine, query, 2, options)).toHaveLength(2);
    expect(sent.filter((line) => line.startsWith("COMMAND INFO FT.SEARCH"))).toHaveLength(2);
  });
});

describe("the Redis store", () => {
  it("refuses what this version cannot do when it is made, and waits for no server", async () => {
    const cloud = openRedisStore({ cloud_authentication: { auth_provider: "aws" } });
    await expect(cloud).rejects.toMatchObject({ code: "GW_CONFIG_INVALID" });
    const store = await openRedisStore({ host: "127.0.43.9", port: await freePort("127.0.43.9") });
    expect(store.name).toBe("redis");
    await store.close();
  });
});
