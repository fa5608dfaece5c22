import { afterEach, expect, test } from "vitest";
import { SemanticIndex, type SemanticIndexSettings } from "../../../src/balancer/semantic-index.ts";
import type { ScoringRule } from "../../../src/balancer/scoring.ts";
import { EmbeddingCache } from "../../../src/embeddings/cache.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { FakeEmbedder, FakeVectorStore } from "../../support/fake-vectors.ts";

const opened: SemanticIndex[] = [];
afterEach(() => {
  for (const index of opened.splice(0)) index.close();
});

function setUp(texts = ["code", "maths"], fields: Partial<SemanticIndexSettings> = {}) {
  const clock = createFakeClock();
  const embedder = new FakeEmbedder();
  const store = new FakeVectorStore();
  const notices: string[] = [];
  const index = new SemanticIndex({
    texts: texts.map((text, position) => ({ index: position, text })),
    spec: { owner: "plugin", fingerprint: "f", dimensions: 3, metric: "cosine" },
    embedder,
    cache: new EmbeddingCache(embedder),
    store,
    copy: new FakeVectorStore(),
    timeoutMs: 40,
    clock,
    notify: (notice) => notices.push(notice.code),
    rule: undefined,
    ...fields,
  });
  opened.push(index);
  return { clock, embedder, store, notices, index };
}

test("embeds each description once, in one call, and writes them to the store", async () => {
  const { index, embedder, store } = setUp(["code", "maths", "code"]);
  await index.load();
  expect(embedder.calls).toEqual([["code", "maths"]]);
  expect(store.items.map((item) => item.id)).toEqual(["0", "1", "2"]);
  expect(store.calls).toEqual(["replace", "removeOrphans"]);
  expect(index.problem).toBeUndefined();
});

test("matches by the store, and at once when the text was seen before", async () => {
  const { index, embedder, store } = setUp();
  await index.load();
  expect(index.peek("my code")).toBeUndefined();
  const match = await index.match("my code");
  expect(match).toEqual({ distances: [0, 1], answeredBy: "fake", isStoreAway: false, isVague: false });
  expect(index.peek("my code")).toBe(match);
  expect(await index.match("my code")).toBe(match);
  expect(embedder.calls).toHaveLength(2);
  expect(store.calls.filter((call) => call === "search")).toHaveLength(1);
});

test("an embedder that is away is an error of the request, and is tried again with growing pauses", async () => {
  const { index, embedder, clock, notices } = setUp();
  embedder.state = "away";
  await index.load();
  expect(index.problem).toContain("not embedded: the fake embedder is away");
  await expect(index.match("my code")).rejects.toThrow("the fake embedder is away");
  expect(clock.waiting).toEqual([500]);
  clock.advance(500);
  await index.load();
  expect(clock.waiting).toEqual([1000]);
  embedder.state = "here";
  clock.advance(1000);
  await index.load();
  expect(index.problem).toBeUndefined();
  expect(clock.waiting).toEqual([]);
  expect(notices).toEqual(["embedding-away", "embedding-away"]);
});

test("a request whose text can be embedded does not wait for the next try", async () => {
  const { index, embedder } = setUp();
  embedder.state = "away";
  await index.load();
  embedder.state = "here";
  expect((await index.match("my code")).distances).toEqual([0, 1]);
});

test("an embedder that hangs costs the deadline, no more", async () => {
  const { index, embedder } = setUp();
  await index.load();
  embedder.state = "hanging";
  await expect(index.match("my code")).rejects.toMatchObject({ name: "TimeoutError" });
});

test("a store that is away at the start does not stop routing, and is written when it is back", async () => {
  const { index, store, clock, notices } = setUp();
  store.state = "away";
  await index.load();
  expect(index.problem).toBeUndefined();
  expect(await index.match("my code")).toEqual({
    distances: [0, 1],
    answeredBy: "copy",
    isStoreAway: true,
    isVague: false,
  });
  expect(notices).toEqual(["vector-store-away", "vector-store-away"]);
  store.state = "here";
  clock.advance(500);
  await index.load();
  expect(store.items).toHaveLength(2);
  expect(await index.match("my code")).toEqual({
    distances: [0, 1],
    answeredBy: "fake",
    isStoreAway: false,
    isVague: false,
  });
});

test("a store that goes away or hangs later is asked once, then left alone until it is back", async () => {
  for (const state of ["away", "hanging"] as const) {
    const { index, store, clock } = setUp();
    await index.load();
    store.state = state;
    expect((await index.match("my code")).isStoreAway).toBe(true);
    expect((await index.match("more code")).isStoreAway).toBe(true);
    expect(store.calls.filter((call) => call === "search")).toHaveLength(1);
    store.state = "here";
    clock.advance(500);
    await index.load();
    expect((await index.match("my code")).isStoreAway).toBe(false);
  }
});

test("a store that lost its vectors is written again", async () => {
  const { index, store, clock } = setUp();
  await index.load();
  store.items = store.items.slice(1);
  expect(await index.match("my code")).toEqual({
    distances: [0, 1],
    answeredBy: "copy",
    isStoreAway: true,
    isVague: false,
  });
  clock.advance(500);
  await index.load();
  expect(store.items).toHaveLength(2);
});

test("callers that load at the same time share one load", async () => {
  const { index, embedder } = setUp();
  await Promise.all([index.load(), index.load(), index.match("my code")]);
  expect(embedder.calls.filter((texts) => texts.includes("maths"))).toHaveLength(1);
});

test("closing ends the retries and what waits", async () => {
  const { index, store, clock, embedder } = setUp();
  store.state = "away";
  await index.load();
  embedder.state = "hanging";
  const waiting = index.match("my code");
  index.close();
  await expect(waiting).rejects.toThrow();
  expect(clock.waiting).toEqual([]);
  await index.load();
  expect(store.calls.filter((call) => call === "replace")).toHaveLength(1);
});

test("the nearest of a target's texts tells its distance", async () => {
  const texts = [
    { index: 0, text: "code" },
    { index: 1, text: "tea" },
    { index: 1, text: "maths" },
  ];
  const { index, store } = setUp([], { texts });
  expect((await index.match("my maths")).distances).toEqual([1, 0]);
  expect(store.items).toHaveLength(3);
});

test("a scoring rule gets its texts embedded with the targets', and what is compared", async () => {
  const seen: unknown[] = [];
  const rule: ScoringRule = {
    texts: ["tea", "code"],
    compile: (vectorOf) => (prompt, distances) => {
      seen.push([...vectorOf("tea")], prompt.text, distances);
      return { standings: [{ score: 1, least: 0, parts: [] }], isVague: true };
    },
  };
  const { index, embedder } = setUp(["code", "maths"], { rule });
  const match = await index.match("my code");
  expect(match).toMatchObject({ standings: [{ score: 1, least: 0, parts: [] }], isVague: true });
  expect(seen).toEqual([[0, 0, 1], "my code", [0, 1]]);
  expect(embedder.calls).toContainEqual(["code", "maths", "tea"]);
});

test("of more than a thousand texts the nearest thousand are asked for, and the others have no distance", async () => {
  const texts = Array.from({ length: 1200 }, (_, position) =>
    position < 900 ? `code ${position}` : `tea ${position}`,
  );
  const { index, store } = setUp(texts);
  const limits: number[] = [];
  const search = store.search.bind(store);
  store.search = async (spec, vector, limit) => {
    limits.push(limit);
    return await search(spec, vector, limit);
  };
  const { distances, answeredBy } = await index.match("my code");
  expect(limits).toEqual([1000]);
  expect(answeredBy).toBe("fake");
  expect(distances.slice(0, 900)).toEqual(Array.from({ length: 900 }, () => 0));
  expect(distances.filter((distance) => distance === 1)).toHaveLength(100);
});
