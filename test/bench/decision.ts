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
const balancer = semantic.create({
  targets,
  memories: new TargetMemories().open("bench", ["0", "1", "2"]).memories,
  slots: 10_000,
  latencyStrategy: "tpot",
  usageStrategy: "total-tokens",
  prices: [],
});
const CACHED = 200_000;
const UNCACHED = 3000;

const [redisPort] = process.argv.slice(2);
const result = {
  memory: await measure(await openStore(memoryVectorStore, {})),
  ...(redisPort === undefined
    ? {}
    : { redis: await measure(await openStore(redisVectorStore, { host: "127.0.0.1", port: Number(redisPort) })) }),
};
process.stdout.write(JSON.stringify(result));

async function measure(store: VectorStore): Promise<{ store: string; cached: number; uncached: number }> {
  const embedder = readyEmbedder();
  const copy = await openStore(memoryVectorStore, {});
  const index = new SemanticIndex({
    texts: [
      { index: 0, text: "programming" },
      { index: 1, text: "mathematics" },
    ],
    spec: { owner: "bench", fingerprint: "bench", dimensions: DIMENSIONS, metric: "cosine" },
    rule: undefined,
    embedder,
    cache: new EmbeddingCache(embedder),
    store,
    copy,
    timeoutMs: 2000,
    clock: systemClock,
    notify: refuse,
  });
  await index.load();
  if (index.problem !== undefined) throw new Error(index.problem);
  for (let i = 0; i < 500; i++) await decide(index, `warm-up ${i}`);

  const uncached = await microseconds(UNCACHED, async (i) => await decide(index, `prompt ${i}`));
  const cached = await microseconds(CACHED, (i) => decideAtOnce(index, `prompt ${UNCACHED - 1 - (i % 500)}`));
  index.close();
  await store.close();
  await copy.close();
  return { store: store.name, cached, uncached };
}

async function decide(index: SemanticIndex, text: string): Promise<readonly number[]> {
  return order((await index.match(text)).distances);
}

function decideAtOnce(index: SemanticIndex, text: string): readonly number[] {
  const match = index.peek(text);
  if (match === undefined) throw new Error(`"${text}" is not cached.`);
  return order(match.distances);
}

function order(distances: Distances): readonly number[] {
  return balancer.order(targets, { now: 0, hashKey: "", distances, standings: undefined });
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
  const vectors = Array.from({ length: 16 }, (_, row) =>
    Float32Array.from({ length: DIMENSIONS }, (_, column) => Math.sin(row * 31 + column)),
  );
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
