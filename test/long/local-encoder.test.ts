import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Embedder } from "../../src/embeddings/embedder.ts";
import { cleanText } from "../../src/embeddings/embedders/local/clean-text.ts";
import { backgroundMean } from "../../src/embeddings/embedders/local/data/background-mean.ts";
import { createEncoder } from "../../src/embeddings/embedders/local/encoder/encoder.js";
import { MAX_TOKENS } from "../../src/embeddings/embedders/local/encoder/shape.js";
import { createTokenizer } from "../../src/embeddings/embedders/local/encoder/tokenizer.js";
import { localEmbedder } from "../../src/embeddings/embedders/local/local.ts";
import { createUpstream } from "../../src/upstream/create-upstream.ts";
import { makeBackgroundMean } from "../support/make-background-mean.js";
import { openEncoder } from "../support/open-encoder.js";
import { openReferenceEncoder } from "../support/reference-encoder.ts";

const { signal } = new AbortController();
const upstream = createUpstream();
const fixtures = new URL("../../fixtures/", import.meta.url);

let embedder: Embedder;
beforeAll(async () => {
  const settings = { provider: "local", model: "universal-sentence-encoder-lite", dimensions: 512 };
  embedder = await localEmbedder.create(settings, { upstream, notify: () => {} });
});
afterAll(async () => {
  await embedder.close();
  await upstream.close();
});

const descriptions = {
  programming: "programming, coding, software development, Python, JavaScript, APIs, debugging",
  mathematics: "mathematics, algebra, calculus, trigonometry, equations, integrals, derivatives, theorems",
};

describe("the local encoder on the labelled prompts", { timeout: 180_000 }, () => {
  it("ships the mean that its script computes", async () => {
    const shipped = Buffer.from(backgroundMean, "base64");
    const computed = await makeBackgroundMean();
    const gap = Math.hypot(...computed.map((value, position) => value - shipped.readFloatLE(4 * position)));
    expect(shipped.length).toBe(4 * computed.length);
    expect(gap).toBeLessThan(1e-4);
  });

  it("agrees with the 32-bit model on each: the same pieces, and a cosine of at least .999", async () => {
    const parts = await openEncoder();
    const [encode, tokenize] = [createEncoder(parts), createTokenizer(parts.memory.buffer)];
    const reference = await openReferenceEncoder();
    for (const { prompt } of await readPrompts()) {
      const text = cleanText(prompt);
      const pieces = reference.tokenize(text).slice(0, MAX_TOKENS);
      const expected = await reference.encode(pieces);
      const cosine = encode(text).reduce((sum, value, position) => sum + value * (expected[position] ?? 0), 0);
      expect(tokenize(text), prompt).toEqual(pieces);
      expect(cosine, prompt).toBeGreaterThan(0.999);
    }
  });

  it("sends at least 77.5 % of them where their label says, by description and Kong's literal threshold 0.8", async () => {
    const prompts = await readPrompts();
    const labels = Object.keys(descriptions);
    const described = await embedder.embed(Object.values(descriptions), { signal });
    const vectors = await embedder.embed(
      prompts.map(({ prompt }) => prompt),
      { signal },
    );
    const right = vectors.filter((vector, position) => {
      const distances = described.map((target) => distance(vector, target));
      const nearest = Math.min(...distances);
      const label = nearest <= 0.8 ? labels[distances.indexOf(nearest)] : "other";
      return label === prompts[position]?.label;
    });
    expect(right.length / prompts.length).toBeGreaterThanOrEqual(0.775);
  });
});

async function readPrompts(): Promise<readonly { prompt: string; label: string }[]> {
  const lines = (await readFile(new URL("prompts/dev.jsonl", fixtures), "utf8")).trim().split("\n");
  return lines.map((line) => JSON.parse(line) as { prompt: string; label: string });
}

function distance(a: Float32Array, b: Float32Array): number {
  return 1 - a.reduce((sum, value, position) => sum + value * (b[position] ?? 0), 0);
}
