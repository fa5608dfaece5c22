import { VectorError } from "../../src/core/errors.ts";
import type { Embedder } from "../../src/embeddings/embedder.ts";
import type { VectorItem, VectorStore } from "../../src/vectors/store.ts";

/** A store in memory that can be told to be away, to hang or to forget. Cosine distances of unit vectors. */
export class FakeVectorStore implements VectorStore {
  readonly name = "fake";
  state: "here" | "away" | "hanging" = "here";
  items: readonly VectorItem[] = [];
  readonly calls: string[] = [];

  async replace(_spec: unknown, items: readonly VectorItem[]): Promise<void> {
    await this.#call("replace");
    this.items = items;
  }

  async search(_spec: unknown, vector: Float32Array, limit: number) {
    await this.#call("search");
    return this.items
      .map((item) => ({
        id: item.id,
        distance: 1 - item.vector.reduce((sum, value, index) => sum + value * (vector[index] ?? 0), 0),
      }))
      .sort((a, b) => a.distance - b.distance)
      .slice(0, limit);
  }

  async removeOrphans(): Promise<void> {
    await this.#call("removeOrphans");
  }

  async close(): Promise<void> {
    this.calls.push("close");
  }

  async #call(name: string): Promise<void> {
    this.calls.push(name);
    if (this.state === "away") throw new VectorError("GW_VECTOR_UNREACHABLE", "the fake is away");
    if (this.state === "hanging") await new Promise(() => {});
  }
}

/** Texts about code, maths and nothing, as three axes. */
export class FakeEmbedder implements Embedder {
  readonly name: string = "fake";
  readonly model: string = "axes";
  readonly dimensions: number = 3;
  state: "here" | "away" | "hanging" = "here";
  readonly calls: string[][] = [];

  async embed(texts: readonly string[]): Promise<Float32Array[]> {
    this.calls.push([...texts]);
    if (this.state === "away") throw new Error("the fake embedder is away");
    if (this.state === "hanging") await new Promise(() => {});
    return texts.map((text) =>
      Float32Array.from([Number(/code/.test(text)), Number(/maths/.test(text)), Number(!/code|maths/.test(text))]),
    );
  }

  async close(): Promise<void> {}
}
