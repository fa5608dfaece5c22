import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Embedder } from "../../src/embeddings/embedder.ts";

const { signal } = new AbortController();

/** What every embedder promises. `make` opens one; it is called twice. */
export function embedderContract(provider: string, make: () => Promise<Embedder>): void {
  describe(`embedder ${provider}`, () => {
    let embedder: Embedder;
    beforeAll(async () => {
      embedder = await make();
    });
    afterAll(async () => await embedder.close());

    it("names its provider", () => {
      expect(embedder.name).toBe(provider);
    });

    it("returns one vector a text, in order, each of its dimensions and the same as alone", async () => {
      const texts = ["How do I sort an array?", "What is a prime number?", "Who was Edward Gibbon?"];
      const vectors = await embedder.embed(texts, { signal });
      expect(vectors.map((vector) => vector.length)).toEqual(texts.map(() => embedder.dimensions));
      for (const [position, text] of texts.entries()) {
        const [alone] = await embedder.embed([text], { signal });
        expect(cosine(alone, vectors[position])).toBeCloseTo(1, 5);
      }
      expect(cosine(vectors[0], vectors[1])).toBeLessThan(0.99);
    });

    it.each([
      ["empty", ""],
      ["blank", " \n\t"],
      ["an unpaired surrogate", "a\ud800"],
      ["a control character", "\u0000"],
      ["outside the model's vocabulary", "\u{1f9ff}\u{10ffff}\u200b"],
      ["100,000 characters long", "sort this list, ".repeat(6250)],
      ["cut within a surrogate pair", `${"x".repeat(319)}${"\u{1f600}".repeat(5000)}`],
    ])("gives a vector of direction to a text that is %s", async (_, text) => {
      const [vector] = await embedder.embed([text], { signal });
      expect(vector?.every((value) => Number.isFinite(value))).toBe(true);
      expect(vector?.some((value) => value !== 0)).toBe(true);
    });

    it("rejects with the reason of a signal that has aborted, and serves the next call", async () => {
      const reason = new Error("too late");
      await expect(embedder.embed(["hello"], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
      expect(await embedder.embed(["hello"], { signal })).toHaveLength(1);
    });

    it("rejects with the reason of a signal that aborts on the way, and serves the next call", async () => {
      const controller = new AbortController();
      const call = embedder.embed(["one", "two", "three"], { signal: controller.signal });
      const reason = new Error("changed my mind");
      controller.abort(reason);
      await expect(call).rejects.toBe(reason);
      expect(await embedder.embed(["hello"], { signal })).toHaveLength(1);
    });

    it("closes twice", async () => {
      const other = await make();
      await other.embed(["hello"], { signal });
      await other.close();
      await other.close();
      expect(await embedder.embed(["still here"], { signal })).toHaveLength(1);
    });
  });
}

function cosine(a: Float32Array | undefined, b: Float32Array | undefined): number {
  if (a === undefined || b === undefined) return Number.NaN;
  const dot = a.reduce((sum, value, position) => sum + value * (b[position] ?? 0), 0);
  return dot / (Math.hypot(...a) * Math.hypot(...b));
}
