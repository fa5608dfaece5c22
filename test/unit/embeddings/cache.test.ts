import { describe, expect, it } from "vitest";
import { EmbeddingCache } from "../../../src/embeddings/cache.ts";
import { countingEmbedder } from "../../support/counting-embedder.ts";

const { signal } = new AbortController();

describe("EmbeddingCache", () => {
  it("asks once for a text and has it at hand from then on", async () => {
    const embedder = countingEmbedder();
    const cache = new EmbeddingCache(embedder);
    const first = cache.embed("hello", { signal });
    expect(cache.peek("hello")).toBeUndefined();
    embedder.succeed();
    expect(await first).toEqual(Float32Array.of(5));
    expect(cache.peek("hello")).toBe(await first);
    expect(await cache.embed("hello", { signal })).toBe(await first);
    expect(embedder.calls).toEqual(["hello"]);
  });

  it("shares one call among those who ask for the same text at the same time", async () => {
    const embedder = countingEmbedder();
    const cache = new EmbeddingCache(embedder);
    const all = [1, 2, 3].map(() => cache.embed("same", { signal }));
    embedder.succeed();
    const [first, ...others] = await Promise.all(all);
    expect(others.every((vector) => vector === first)).toBe(true);
    expect(embedder.calls).toEqual(["same"]);
  });

  it("lets the others wait on when one of them gives up", async () => {
    const embedder = countingEmbedder();
    const cache = new EmbeddingCache(embedder);
    const leaver = new AbortController();
    const left = cache.embed("same", { signal: leaver.signal });
    const stayed = cache.embed("same", { signal });
    leaver.abort(new Error("gone"));
    await expect(left).rejects.toThrow("gone");
    expect(embedder.waiting[0]?.aborted).toBe(false);
    embedder.succeed();
    expect(await stayed).toEqual(Float32Array.of(4));
  });

  it("aborts the call when the last of them gives up, and starts anew for the next", async () => {
    const embedder = countingEmbedder();
    const cache = new EmbeddingCache(embedder);
    const leaver = new AbortController();
    const left = [1, 2].map(() => cache.embed("same", { signal: leaver.signal }));
    leaver.abort(new Error("gone"));
    expect((await Promise.allSettled(left)).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
    expect(embedder.waiting[0]?.aborted).toBe(true);

    embedder.succeed();
    const next = cache.embed("same", { signal });
    embedder.succeed();
    expect(await next).toEqual(Float32Array.of(4));
    expect(embedder.calls).toEqual(["same", "same"]);
  });

  it("does not ask for a caller who has already gone", async () => {
    const embedder = countingEmbedder();
    const gone = AbortSignal.abort(new Error("gone"));
    await expect(new EmbeddingCache(embedder).embed("hello", { signal: gone })).rejects.toThrow("gone");
    expect(embedder.calls).toEqual([]);
  });

  it("tells everybody of a failure and does not keep it", async () => {
    const embedder = countingEmbedder();
    const cache = new EmbeddingCache(embedder);
    const failed = [1, 2].map(() => cache.embed("hello", { signal }));
    embedder.fail(new Error("no"));
    for (const call of failed) await expect(call).rejects.toThrow("no");
    const again = cache.embed("hello", { signal });
    embedder.succeed();
    expect(await again).toEqual(Float32Array.of(5));
  });

  it("tells long texts apart that differ at the end only", async () => {
    const embedder = countingEmbedder();
    const cache = new EmbeddingCache(embedder);
    const long = "x".repeat(100_000);
    for (const text of [`${long}a`, `${long}bb`]) {
      const call = cache.embed(text, { signal });
      embedder.succeed();
      await call;
    }
    expect(cache.peek(`${long}a`)).toEqual(Float32Array.of(100_001));
    expect(cache.peek(`${long}bb`)).toEqual(Float32Array.of(100_002));
    expect(cache.peek(long)).toBeUndefined();
  });
});
