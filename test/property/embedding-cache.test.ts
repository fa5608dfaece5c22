import * as fc from "fast-check";
import { expect, it } from "vitest";
import { EmbeddingCache } from "../../src/embeddings/cache.ts";
import type { Embedder } from "../../src/embeddings/embedder.ts";

const { signal } = new AbortController();

const lengths: Embedder = {
  name: "test",
  model: "length",
  dimensions: 1,
  embed: async (texts) => texts.map((text) => Float32Array.of(text.length)),
  async close() {},
};

/** The `capacity` texts used last, newest first: what a least-recently-used cache holds. */
function lastUsed(texts: readonly string[], capacity: number): ReadonlySet<string> {
  return new Set([...new Set(texts.toReversed())].slice(0, capacity));
}

it("holds exactly the texts used last, whatever the order of use", async () => {
  const texts = fc.array(fc.constantFrom("", "a", "bb", "ccc", "dddd", "=a", "#", "x".repeat(5000)), { maxLength: 40 });
  await fc.assert(
    fc.asyncProperty(texts, fc.integer({ min: 1, max: 6 }), async (uses, capacity) => {
      const cache = new EmbeddingCache(lengths, capacity);
      for (const text of uses) expect(await cache.embed(text, { signal })).toEqual(Float32Array.of(text.length));
      const held = lastUsed(uses, capacity);
      expect(cache.size).toBe(held.size);
      const absent = [...new Set(uses)].filter((text) => !held.has(text));
      expect(absent.map((text) => cache.peek(text))).toEqual(absent.map(() => undefined));
      expect([...held].map((text) => cache.peek(text)?.[0])).toEqual([...held].map((text) => text.length));
    }),
  );
});
