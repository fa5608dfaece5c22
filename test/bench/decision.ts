// The routing decision alone, in this process: no HTTP, and an embedder that has every vector at hand. Prints one JSON object: microseconds
// by store and by whether the text was seen before. Bundled by parts/decision.js, as dist/ is.
//
//   node decision.js [REDIS_PORT]
import { semantic } from "../../src/balancer/algorithms/semantic.ts";
import type { Distances, TargetView } from "../../src/balancer/balancer.ts";
import { TargetMemories } from "../../src/balancer/memory.ts";
import { SemanticIndex } from "../../src/balancer/semantic-index.ts";
import { systemClock } from "../../src/core/clock.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Notice } from "../../src/core/notice.ts";
import { Secret } from "../../src/core/secret.ts";
import { EmbeddingCache } from "../../src/embeddings/cache.ts";
import type { Embedder } from "../../src/embeddings/embedder.ts";
import type { VectorStore, VectorStoreDefinition } from "../../src/vectors/store.ts";
import { memoryVectorStore } from "../../src/vectors/stores/memory.ts";
import { redisVectorStore } from "../../src/vectors/stores/redis.ts";

const DIMENSIONS = 1536;
const targets: readonly TargetView[] = [
  { index: 0, weight: 100, description: "programming", isCatchall: false, threshold: 2 },
  { index: 1, weight: 100, description: "mathematics", isCatchall: false, threshold: 2 },
  { index: 2, weight: 100, description: "CATCHALL", isCatchall: true, threshold: 2 },
];
const CACHED = 200_000;
const UNCACHED = 3000;
const MANY = [100, 1000];
/** Of many targets some tenth is nearer to a text: an answer has to put these in order. */
const MANY_THRESHOLD = 0.95;

/** More than there are targets; any two are at a distance of about 1. */
const vectors = Array.from({ length: 1100 }, (_, row) =>
  Float32Array.from({ length: DIMENSIONS }, (_, column) => Math.sin((row + 1) * (column + 31) * 0.731)),
);

const [redisPort] = process.argv.slice(2);
const result = {
  memory: await measure(await openStore(memoryVectorStore, {})),
  ...(redisPort === undefined
    ? {}
    : { redis: await measure(await openStore(redisVectorStore, { host: "127.0.0.1", port: Number(redisPort) })) }),
};
const many: { readonly count: number; readonly median: number }[] = [];
for (const count of MANY) many.push({ count, median: await choiceAmong(count) });
process.stdout.write(JSON.stringify({ stores: Object.values(result), many }));

async function measure(store: VectorStore): Promise<{ store: string; cached: number; uncached: number }> {
  const { index, copy } = await openIndex(
    store,
    targets.filter(({ isCatchall }) => !isCatchall),
  );
  const decide = decider(targets);
  for (let i = 0; i < 500; i++) await decide(index, `warm-up ${i}`);

  const uncached = await microseconds(UNCACHED, async (i) => await decide(index, `prompt ${i}`));
  const cached = await microseconds(CACHED, (i) => {
    const match = index.peek(`prompt ${UNCACHED - 1 - (i % 500)}`);
    if (match === undefined) throw new Error("A text is not cached.");
    return decide.order(match.distances);
  });
  index.close();
  await store.close();
  await copy.close();
  return { store: store.name, cached, uncached };
}

/** Microseconds, the median: from the vector of a new text to the order of all targets that match. */
async function choiceAmong(count: number): Promise<number> {
  const views = Array.from(
    { length: count },
    (_, index): TargetView => ({
      index,
      weight: 100,
      description: `topic ${index}`,
      isCatchall: false,
      threshold: MANY_THRESHOLD,
    }),
  );
  const store = await openStore(memoryVectorStore, {});
  const { index, copy, cache } = await openIndex(store, views);
  const decide = decider(views);
  const times: number[] = [];
  const { signal } = new AbortController();
  for (let i = 0; i < 1500; i++) {
    await cache.embed(`prompt ${i}`, { signal });
    const startedAt = performance.now();
    await decide(index, `prompt ${i}`);
    if (i >= 500) times.push((performance.now() - startedAt) * 1000);
  }
  index.close();
  await copy.close();
  return times.toSorted((a, b) => a - b)[times.length >> 1] ?? Number.NaN;
}

async function openIndex(
  store: VectorStore,
  described: readonly TargetView[],
): Promise<{ readonly index: SemanticIndex; readonly copy: VectorStore; readonly cache: EmbeddingCache }> {
  const embedder = readyEmbedder();
  const cache = new EmbeddingCache(embedder);
  const copy = await openStore(memoryVectorStore, {});
  const index = new SemanticIndex({
    texts: described.map(({ index, description }) => ({ index, text: description })),
    spec: { owner: "bench", fingerprint: "bench", dimensions: DIMENSIONS, metric: "cosine" },
    rule: undefined,
    embedder,
    cache,
    store,
    copy,
    timeoutMs: 2000,
    clock: systemClock,
    notify: refuse,
  });
  await index.load();
  if (index.problem !== undefined) throw new Error(index.problem);
  return { index, copy, cache };
}

interface Decider {
  (index: SemanticIndex, text: string): Promise<readonly number[]>;
  order(distances: Distances): readonly number[];
}

function decider(views: readonly TargetView[]): Decider {
  const balancer = semantic.create({
    targets: views,
    memories: new TargetMemories().open("bench", views.map(String)).memories,
    slots: 10_000,
    latencyStrategy: "tpot",
    usageStrategy: "total-tokens",
    prices: [],
  });
  const order = (distances: Distances): readonly number[] =>
    balancer.order(views, { now: 0, hashKey: "", distances, standings: undefined });
  const decide = async (index: SemanticIndex, text: string): Promise<readonly number[]> =>
    order((await index.match(text)).distances);
  return Object.assign(decide, { order });
}

async function microseconds(times: number, once: (i: number) => unknown): Promise<number> {
  const startedAt = performance.now();
  for (let i = 0; i < times; i++) {
    const pending = once(i);
    if (pending instanceof Promise) await pending;
  }
  return ((performance.now() - startedAt) * 1000) / times;
}

/** A copy each time: equal texts alone may share a vector. */
function readyEmbedder(): Embedder {
  let next = 0;
  return {
    name: "bench",
    model: "bench",
    dimensions: DIMENSIONS,
    embed: async (texts) => texts.map(() => (vectors[next++ % vectors.length] ?? new Float32Array(DIMENSIONS)).slice()),
    close: async () => {},
  };
}

async function openStore(definition: VectorStoreDefinition, connection: JsonObject): Promise<VectorStore> {
  const resolve = async (value: string): Promise<Secret> => new Secret(value);
  return await definition.create({ strategy: definition.name, connection, resolve }, { notify: refuse });
}

/** A store that is away would be answered for by the copy in memory: that is another measurement. */
function refuse(notice: Notice): never {
  throw new Error(notice.message);
}
