import * as fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { IndexSpec, VectorItem, VectorMatch, VectorStore } from "../../src/vectors/store.ts";

interface Subject {
  readonly store: VectorStore;
  /** What `store.name` is once it has been used. */
  readonly name: string;
  close(): Promise<void>;
}

const options = { signal: new AbortController().signal };
let indexes = 0;

/** What every vector store promises. `open` is called once; each test uses an owner of its own. */
export function vectorStoreContract(title: string, open: () => Promise<Subject>): void {
  describe(`${title} keeps the vector store contract`, () => {
    let subject: Subject;
    let store: VectorStore;
    beforeAll(async () => {
      subject = await open();
      store = subject.store;
    });
    afterAll(async () => await subject.close());

    const search = async (spec: IndexSpec, vector: readonly number[], limit: number) =>
      await store.search(spec, Float32Array.from(vector), limit, options);

    it("finds the nearest by cosine distance, ascending, and says by which means", async () => {
      const spec = newSpec({ dimensions: 4 });
      await store.replace(spec, itemsOf({ c: [0, 0, 0, 1], b: [0.9, 0.1, 0, 0], a: [1, 0, 0, 0] }), options);
      expectMatches(await search(spec, [2, 0, 0, 0], 3), { a: 0, b: 0.006116271, c: 1 });
      expectMatches(await search(spec, [1, 0, 0, 0], 2), { a: 0, b: 0.006116271 });
      expectMatches(await search(spec, [0, 0, 0, -1], 3), { a: 1, b: 1, c: 2 });
      expect(store.name).toBe(subject.name);
    });

    it("names its server, where it is one", async () => {
      const said = await store.server?.(options);
      if (subject.name !== "memory") expect(said).toMatch(/^(Redis|Valkey|PostgreSQL)/);
    });

    it("finds the nearest by squared L2 distance, the zero vector among them", async () => {
      const spec = newSpec({ dimensions: 4, metric: "euclidean" });
      await store.replace(
        spec,
        itemsOf({ a: [1, 0, 0, 0], b: [0.9, 0.1, 0, 0], c: [0, 0, 0, 1], z: [0, 0, 0, 0] }),
        options,
      );
      expectMatches(await search(spec, [0, 0, 0, 3], 4), { c: 4, z: 9, b: 9.82, a: 10 });
      expectMatches(await search(spec, [0, 0, 0, 3], 1), { c: 4 });
    });

    it("gives all that there are when asked for more, and none when asked for none", async () => {
      const spec = newSpec({ dimensions: 2 });
      await store.replace(spec, itemsOf({ a: [1, 0], b: [0, 1] }), options);
      expectMatches(await search(spec, [1, 0], 1_000), { a: 0, b: 1 });
      expect(await search(spec, [1, 0], 0)).toEqual([]);
    });

    it.each(["cosine", "euclidean"] as const)("orders equal %s distances by id, also at the limit", async (metric) => {
      const spec = newSpec({ dimensions: 2, metric });
      const names = ["t5", "t1", "t9", "t3", "t7", "t2", "t8", "t4", "t6"];
      const equal = Object.fromEntries(names.map((name) => [name, [0, 1]]));
      await store.replace(spec, itemsOf({ near: [1, 0], ...equal }), options);
      const found = await search(spec, [1, 0], 4);
      expect(found.map(({ id }) => id)).toEqual(["near", "t1", "t2", "t3"]);
    });

    it("holds exactly the items of the last replace, however often it is repeated", async () => {
      const spec = newSpec({ dimensions: 2 });
      await store.replace(spec, itemsOf({ a: [1, 0], b: [0, 1] }), options);
      await store.replace(spec, itemsOf({ b: [1, 0], c: [0, 1] }), options);
      await store.replace(spec, itemsOf({ b: [1, 0], c: [0, 1] }), options);
      expectMatches(await search(spec, [1, 0], 9), { b: 0, c: 1 });
      await store.replace(spec, [], options);
      expect(await search(spec, [1, 0], 9)).toEqual([]);
    });

    it("lets several gateways replace the same index at once", async () => {
      const spec = newSpec({ dimensions: 2 });
      const items = itemsOf({ a: [1, 0], b: [0, 1] });
      await Promise.all([1, 2, 3, 4].map(() => store.replace(spec, items, options)));
      expectMatches(await search(spec, [0, 1], 9), { b: 0, a: 1 });
    });

    it("never shows an index without the items that it keeps, while it is replaced", async () => {
      const spec = newSpec({ dimensions: 2 });
      const kept = { a: [1, 0], b: [0, 1] };
      await store.replace(spec, itemsOf({ ...kept, old: [1, 1] }), options);
      const replacing = store.replace(spec, itemsOf({ ...kept, fresh: [1, -1] }), options).then(() => "replaced");
      const look = async () => (await search(spec, [1, 0], 9)).map(({ id }) => id);
      for (let seen = await look(); !seen.includes("fresh") || seen.includes("old"); seen = await look()) {
        expect(seen).toEqual(expect.arrayContaining(["a", "b"]));
      }
      expect(await replacing).toBe("replaced");
    });

    it("stores many items", async () => {
      const spec = newSpec({ dimensions: 8 });
      const items = Array.from({ length: 250 }, (_, index) => ({
        id: String(index).padStart(3, "0"),
        vector: Float32Array.from({ length: 8 }, (_, at) => Math.cos(index * (at + 1))),
      }));
      await store.replace(spec, items, options);
      const found = await store.search(spec, Float32Array.from(items[77]!.vector), 300, options);
      expect(found).toHaveLength(250);
      expect(found[0]!.id).toBe("077");
      await store.replace(spec, items.slice(0, 3), options);
      const left = await store.search(spec, items[1]!.vector, 300, options);
      expect(left.map(({ id }) => id).sort()).toEqual(["000", "001", "002"]);
    });

    it("says GW_VECTOR_MISMATCH for an index that was never filled", async () => {
      await expect(search(newSpec({ dimensions: 2 }), [1, 0], 3)).rejects.toMatchObject({ code: "GW_VECTOR_MISMATCH" });
    });

    it("refuses vectors that cannot be compared, and keeps what it has", async () => {
      const spec = newSpec({ dimensions: 2 });
      await store.replace(spec, itemsOf({ a: [1, 0] }), options);
      const mismatch = { code: "GW_VECTOR_MISMATCH" };
      for (const wrong of [[1], [1, 0, 0], [Number.NaN, 1], [Infinity, 0]]) {
        await expect(search(spec, wrong, 1)).rejects.toMatchObject(mismatch);
        await expect(store.replace(spec, itemsOf({ b: wrong }), options)).rejects.toMatchObject(mismatch);
      }
      await expect(store.replace(spec, itemsOf({ b: [0, 0] }), options)).rejects.toMatchObject(mismatch);
      expectMatches(await search(spec, [1, 0], 9), { a: 0 });
    });

    it("scans in the order of the last replace, where it scans at all", async () => {
      const spec = newSpec({ dimensions: 2 });
      await store.replace(spec, itemsOf({ z: [0, 1], a: [1, 0], m: [-1, 0] }), options);
      const scanned = store.scan?.(spec, Float32Array.of(2, 0));
      expect([undefined, [1, 0, 2]]).toContainEqual(scanned === undefined ? undefined : [...scanned]);
    });

    it("puts a zero query at cosine distance 1 from everything", async () => {
      const spec = newSpec({ dimensions: 2 });
      await store.replace(spec, itemsOf({ c: [0, 1], a: [1, 0], b: [-1, 0] }), options);
      expect(await search(spec, [0, 0], 2)).toEqual([
        { id: "a", distance: 1 },
        { id: "b", distance: 1 },
      ]);
    });

    it("removes the owner's other indexes, and nothing of other owners", async () => {
      const spec = newSpec({ dimensions: 2 });
      const old = { ...spec, fingerprint: "old" };
      const longer = { ...spec, fingerprint: `${spec.fingerprint}:more` };
      const others = ["x", "*", "}:y", "?"].map((end) => ({ ...old, owner: `${spec.owner}${end}` }));
      const pattern = { ...old, owner: spec.owner.replace("owner", "*") };
      for (const each of [spec, old, longer, pattern, ...others]) {
        await store.replace(each, itemsOf({ a: [1, 0] }), options);
      }
      await store.removeOrphans(pattern, options);
      await store.removeOrphans(spec, options);
      await store.removeOrphans(spec, options);
      for (const kept of [spec, pattern, ...others]) expectMatches(await search(kept, [1, 0], 2), { a: 0 });
      for (const gone of [old, longer]) {
        await expect(search(gone, [1, 0], 2)).rejects.toMatchObject({ code: "GW_VECTOR_MISMATCH" });
      }
    });

    it("ends with the signal's reason", async () => {
      const spec = newSpec({ dimensions: 2 });
      const reason = new Error("the caller went away");
      const gone = { signal: AbortSignal.abort(reason) };
      await expect(store.replace(spec, itemsOf({ a: [1, 0] }), gone)).rejects.toBe(reason);
      await expect(store.search(spec, new Float32Array(2), 1, gone)).rejects.toBe(reason);
      await expect(store.removeOrphans(spec, gone)).rejects.toBe(reason);
    });

    it.each(["cosine", "euclidean"] as const)("computes %s distances as the definition does", async (metric) => {
      await fc.assert(
        fc.asyncProperty(fc.array(vectors, { minLength: 1, maxLength: 12 }), vectors, async (stored, query) => {
          const spec = newSpec({ dimensions: 16, metric });
          const items = stored.map((vector, index) => ({ id: `t${index}`, vector }));
          await store.replace(spec, items, options);
          const found = await store.search(spec, query, stored.length, options);
          expect(found.map(({ id }) => id).sort()).toEqual(items.map(({ id }) => id).sort());
          expect(found.map(({ distance }) => distance)).toEqual(
            found.map(({ distance }) => distance).sort((a, b) => a - b),
          );
          for (const { id, distance } of found) {
            const expected = define(metric, items.find((item) => item.id === id)!.vector, query);
            expect(Math.abs(distance - expected)).toBeLessThan(1e-6);
          }
        }),
        { numRuns: 40 },
      );
    });

    it("can be closed twice, and then refuses", async () => {
      const spec = newSpec({ dimensions: 2 });
      await store.replace(spec, itemsOf({ a: [1, 0] }), options);
      await store.close();
      await store.close();
      await expect(search(spec, [1, 0], 1)).rejects.toMatchObject({ code: expect.stringMatching(/^GW_VECTOR_/u) });
    });
  });
}

function newSpec(spec: Pick<IndexSpec, "dimensions"> & Partial<IndexSpec>): IndexSpec {
  indexes += 1;
  return { owner: `owner-${indexes}`, fingerprint: "f1", metric: "cosine", ...spec };
}

function itemsOf(vectors: Readonly<Record<string, readonly number[]>>): readonly VectorItem[] {
  return Object.entries(vectors).map(([id, vector]) => ({ id, vector: Float32Array.from(vector) }));
}

function expectMatches(found: readonly VectorMatch[], expected: Readonly<Record<string, number>>): void {
  expect(found.map(({ id }) => id)).toEqual(Object.keys(expected));
  for (const { id, distance } of found) expect(distance).toBeCloseTo(expected[id]!, 6);
}

/** Of length 1, as embeddings are: the tolerance below is meant for them. */
const vectors = fc
  .array(fc.integer({ min: -1_000, max: 1_000 }), { minLength: 16, maxLength: 16 })
  .filter((numbers) => numbers.some((number) => number !== 0))
  .map((numbers) => Float32Array.from(numbers, (number) => number / Math.hypot(...numbers)));

function define(metric: IndexSpec["metric"], a: Float32Array, b: Float32Array): number {
  const sum = (term: (x: number, y: number) => number): number =>
    Array.from(a).reduce((total, x, index) => total + term(x, b[index]!), 0);
  if (metric === "euclidean") return sum((x, y) => (x - y) ** 2);
  return 1 - sum((x, y) => x * y) / (Math.hypot(...a) * Math.hypot(...b));
}
