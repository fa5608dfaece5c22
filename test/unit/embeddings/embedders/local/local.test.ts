import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Embedder } from "../../../../../src/embeddings/embedder.ts";
import { localEmbedder } from "../../../../../src/embeddings/embedders/local/local.ts";
import { createUpstream } from "../../../../../src/upstream/create-upstream.ts";

const { signal } = new AbortController();
const settings = { provider: "local", model: "universal-sentence-encoder-lite", dimensions: 512 };
const services = { upstream: createUpstream(), notify: () => {} };
const root = new URL("../../../../../", import.meta.url);

let embedder: Embedder;
beforeAll(async () => {
  embedder = await localEmbedder.create(settings, services);
});
afterAll(async () => {
  await embedder.close();
  await services.upstream.close();
});

/** Targets of the user's scenario, without its CATCHALL. */
const targets = [
  {
    model: "gpt-3.5-turbo",
    description: "programming, coding, software development, Python, JavaScript, APIs, debugging",
  },
  {
    model: "gpt-4o",
    description: "mathematics, algebra, calculus, trigonometry, equations, integrals, derivatives, theorems",
  },
];

function cosineDistance(a: Float32Array, b: Float32Array): number {
  return 1 - a.reduce((sum, value, position) => sum + value * (b[position] ?? 0), 0);
}

describe("the local embedder", () => {
  it("sends the user's six prompts where they expect them, by description and threshold 0.8", async () => {
    const lines = (await readFile(new URL("fixtures/seed/prompts.jsonl", root), "utf8")).trim().split("\n");
    const expected = lines.map((line) => JSON.parse(line) as { prompt: string; expect: string });
    const seed = await readFile(new URL("fixtures/seed/kong.yaml", root), "utf8");
    for (const { description } of targets) expect(seed).toContain(`description: "${description}"`);

    const described = await embedder.embed(
      targets.map(({ description }) => description),
      { signal },
    );
    const vectors = await embedder.embed(
      expected.map(({ prompt }) => prompt),
      { signal },
    );
    const chosen = vectors.map((vector, position) => {
      const ranked = targets
        .map(({ model }, target) => ({ model, distance: cosineDistance(vector, described[target] ?? vector) }))
        .toSorted((a, b) => a.distance - b.distance);
      const [nearest] = ranked;
      const expect = nearest !== undefined && nearest.distance <= 0.8 ? nearest.model : "mistral-tiny";
      return { prompt: expected[position]?.prompt, expect };
    });
    expect(chosen).toEqual(expected);
  });

  it("returns vectors of length 1", async () => {
    for (const vector of await embedder.embed(["one", "", "a longer text about nothing"], { signal })) {
      expect(Math.hypot(...vector)).toBeCloseTo(1, 5);
    }
  });

  it("gives every text without words the vector of a space, far from the targets", async () => {
    const [empty, blank, described] = await embedder.embed(["", " \n\t ", targets[0]?.description ?? ""], { signal });
    expect(blank).toEqual(empty);
    expect(cosineDistance(empty ?? new Float32Array(), described ?? new Float32Array())).toBeGreaterThan(0.8);
  });

  it("appends zeros where the index is longer", async () => {
    const wide = await localEmbedder.create({ ...settings, dimensions: 1536 }, services);
    const [long] = await wide.embed(["hello"], { signal });
    const [short] = await embedder.embed(["hello"], { signal });
    await wide.close();
    expect(wide.dimensions).toBe(1536);
    expect(long?.slice(0, 512)).toEqual(short);
    expect(long?.slice(512)).toEqual(new Float32Array(1024));
  });

  it.each([
    [{ ...settings, dimensions: 256 }, "Set vectordb.dimensions to 512."],
    [{ ...settings, model: "bge-small" }, 'no local embedding model "bge-small"'],
  ])("refuses settings that it cannot meet: %j", async (wrong, message) => {
    await expect(localEmbedder.create(wrong, services)).rejects.toMatchObject({
      code: "GW_CONFIG_INVALID",
      message: expect.stringContaining(message) as string,
    });
  });

  it("lets a request in between the texts of a long list", async () => {
    const order: string[] = [];
    const texts = Array.from({ length: 12 }, (_, position) => `a description of the target number ${position}`);
    const list = embedder.embed(texts, { signal }).then(() => order.push("list"));
    const request = embedder.embed(["a request"], { signal }).then(() => order.push("request"));
    await Promise.all([list, request]);
    expect(order).toEqual(["request", "list"]);
  });

  it("does not hold the thread that serves requests while it works", async () => {
    const started = performance.eventLoopUtilization();
    await embedder.embed(
      Array.from({ length: 8 }, (_, position) => `${position} is a number. `.repeat(20)),
      { signal },
    );
    const { utilization } = performance.eventLoopUtilization(started);
    expect(utilization).toBeLessThan(0.5);
  });

  it("is of no use once it is closed, and the others stay open", async () => {
    const other = await localEmbedder.create(settings, services);
    await other.close();
    await expect(other.embed(["hello"], { signal })).rejects.toMatchObject({ code: "GW_EMBEDDING_FAILED" });
    expect(await embedder.embed(["hello"], { signal })).toHaveLength(1);
  });
});
