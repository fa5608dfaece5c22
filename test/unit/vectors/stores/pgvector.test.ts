import { readFileSync } from "node:fs";
import { inspect } from "node:util";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import type { JsonObject } from "../../../../src/core/json.ts";
import { memoryVectorStore } from "../../../../src/vectors/stores/memory.ts";
import type { IndexSpec, VectorStore } from "../../../../src/vectors/store.ts";
import { describeWithPostgres, type PostgresServer, startPostgres } from "../../../services/postgres.ts";
import { freePort } from "../../../services/redis.ts";
import { openPgvectorStore } from "../../../support/pgvector-store.ts";

const options = { signal: new AbortController().signal };
const spec: IndexSpec = { owner: "plugin", fingerprint: "f1", dimensions: 2, metric: "cosine" };
const items = [
  { id: "a", vector: Float32Array.of(1, 0) },
  { id: "b", vector: Float32Array.of(0, 1) },
];
const query = Float32Array.of(1, 0);

const tlsFile = (name: string): string =>
  readFileSync(new URL(`../../../../fixtures/tls/api.openai.test.${name}.pem`, import.meta.url), "utf8");

async function open(connection: JsonObject, secrets: Readonly<Record<string, string>> = {}): Promise<VectorStore> {
  const store = await openPgvectorStore(connection, secrets);
  onTestFinished(async () => await store.close());
  return store;
}

describeWithPostgres("the pgvector store", () => {
  let server: PostgresServer;
  let place: { readonly host: string; readonly port: number };
  beforeAll(async () => {
    const access = ["host all keyed 127.0.0.1/32 scram-sha-256", "host all reader 127.0.0.1/32 trust"];
    server = await startPostgres({ access, tls: { cert: tlsFile("cert"), key: tlsFile("key") } });
    place = { host: server.host, port: server.port };
    await server.run("CREATE ROLE keyed LOGIN SUPERUSER PASSWORD 'first-Password-1'");
    await server.run("CREATE ROLE reader LOGIN");
  });
  afterAll(async () => await server.remove());

  it("lets several gateways that start at once make the tables and fill the index", async () => {
    const stores = await Promise.all([1, 2, 3, 4, 5].map(async () => await open(place)));
    await Promise.all(
      stores.map(async (store) => {
        await store.replace(spec, items, options);
        await store.removeOrphans(spec, options);
      }),
    );
    for (const store of stores) expect(await store.search(spec, query, 9, options)).toHaveLength(2);
  });

  it("equals exact search within 1e-6 on 1,000 targets of 1,536 numbers", async () => {
    const memory = await memoryVectorStore.create(
      { strategy: "memory", connection: {}, resolve: async () => await Promise.reject(new Error("unused")) },
      { notify: () => {} },
    );
    const store = await open(place);
    for (const metric of ["cosine", "euclidean"] as const) {
      const long = { ...spec, owner: `long-${metric}`, dimensions: 1536, metric };
      const many = Array.from({ length: 1000 }, (_, index) => ({ id: String(index), vector: unitVector(index) }));
      for (const each of [memory, store]) await each.replace(long, many, options);
      const [exact, found] = await Promise.all(
        [memory, store].map(async (each) => await each.search(long, unitVector(4711), 1000, options)),
      );
      const distances = new Map(exact?.map(({ id, distance }) => [id, distance]));
      expect(found).toHaveLength(1000);
      for (const { id, distance } of found ?? [])
        expect(Math.abs(distance - (distances.get(id) ?? NaN))).toBeLessThan(1e-6);
    }
  });

  it("tells when rows of an index are gone, or all of it, and takes it again", async () => {
    const store = await open(place);
    await store.replace(spec, items, options);
    await server.run("DELETE FROM gw_vectors WHERE owner = 'plugin' AND id = 'b'");
    await expect(store.search(spec, query, 2, options)).rejects.toMatchObject({
      code: "GW_VECTOR_MISMATCH",
      message: /holds 1 of the 2 vectors/u,
    });
    await server.run("DROP TABLE gw_vectors, gw_vector_indexes");
    await expect(store.search(spec, query, 2, options)).rejects.toMatchObject({ code: "GW_VECTOR_MISMATCH" });
    await store.replace(spec, items, options);
    expect(await store.search(spec, query, 2, options)).toHaveLength(2);
  });

  it("asks for the password at each connection, and says nothing of it when it is refused", async () => {
    const reference = "{vault://hcv/postgres/password}";
    const secrets: Record<string, string> = { [reference]: "wrong-Password-2", "{vault://hcv/user}": "keyed" };
    const store = await open({ ...place, user: "{vault://hcv/user}", password: reference }, secrets);
    const error: unknown = await store.replace(spec, items, options).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "GW_VECTOR_UNREACHABLE", message: /refused the login\. Check user/u });
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain("wrong-Password-2");
    secrets[reference] = "first-Password-1";
    await store.replace(spec, items, options);
    expect(await store.search(spec, query, 2, options)).toHaveLength(2);
  });

  it("encrypts, and verifies the certificate unless told not to", async () => {
    const encrypted = await open({ ...place, ssl: true, ssl_verify: false, ssl_version: "tlsv1_3" });
    await encrypted.replace(spec, items, options);
    const strict = await open({ ...place, ssl: true });
    await expect(strict.replace(spec, items, options)).rejects.toMatchObject({
      code: "GW_VECTOR_UNREACHABLE",
      message: /self-signed certificate/u,
    });
  });

  it("says what a user may not do, and which database is not there", async () => {
    await server.run("DROP TABLE IF EXISTS gw_vectors, gw_vector_indexes");
    await server.run("DROP EXTENSION IF EXISTS vector");
    const reader = await open({ ...place, user: "reader" });
    await expect(reader.replace(spec, items, options)).rejects.toMatchObject({
      code: "GW_VECTOR_UNSUPPORTED",
      message: /permission denied.*Grant the user/u,
    });
    const lost = await open({ ...place, database: "nowhere" });
    await expect(lost.replace(spec, items, options)).rejects.toMatchObject({
      code: "GW_VECTOR_UNREACHABLE",
      message: /has no such database/u,
    });
  });

  it("is unreachable while the server is away, and whole again when it is back", async () => {
    const store = await open(place);
    await store.replace(spec, items, options);
    await server.stop();
    for (let call = 0; call < 3; call += 1) {
      await expect(store.search(spec, query, 2, options)).rejects.toMatchObject({
        code: "GW_VECTOR_UNREACHABLE",
        message: expect.stringContaining(`PostgreSQL at 127.0.0.1:${server.port}/kong-pgvector cannot be used: `),
      });
    }
    await server.start();
    const isBack = async () => expect(await store.search(spec, query, 2, options)).toHaveLength(2);
    await vi.waitFor(isBack, { timeout: 10_000 });
  });
});

it("waits for no server when it is made, and says that none is there", async () => {
  const port = await freePort("127.0.0.1");
  const store = await open({ port });
  await expect(store.search(spec, query, 2, options)).rejects.toMatchObject({
    code: "GW_VECTOR_UNREACHABLE",
    message: expect.stringContaining(`127.0.0.1:${port}`),
  });
});

/** The same for the same seed, of length 1 as embeddings are. */
function unitVector(seed: number): Float32Array {
  const numbers = Array.from({ length: 1536 }, (_, at) => Math.sin(seed * 12.9898 + at * (78.233 + seed)));
  const length = Math.hypot(...numbers);
  return Float32Array.from(numbers, (number) => number / length);
}
