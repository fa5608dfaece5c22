import type { TunableTarget, TuningView } from "../plugins/tuning.ts";
import { cosineDistance, norm, squaredDistance } from "../vectors/distance.ts";
import type { DistanceMetric } from "../vectors/store.ts";
import { nearPairs } from "./near-descriptions.ts";

export interface EmbeddingProbe {
  /** Of each vector: what the model answers has been held against what the vector store is to keep. */
  readonly dimensions: number;
  /** A sentence for each pair of targets that can hardly be told apart. */
  readonly warnings: readonly string[];
}

/** Embeds the descriptions of the targets, in one request. Throws what the embedder throws. */
export async function probeEmbeddings(view: TuningView, signal: AbortSignal): Promise<EmbeddingProbe> {
  const described = view.targets.filter(({ isCatchall }) => !isCatchall);
  const vectors = await view.embed(
    described.map(({ description }) => description),
    { signal },
  );
  const vectorOf = new Map(described.map(({ index }, position) => [index, vectors[position]]));
  const distance = (first: number, second: number): number | null => {
    const [a, b] = [vectorOf.get(first), vectorOf.get(second)];
    return a === undefined || b === undefined ? null : distanceOf(view.metric, a, b);
  };
  return { dimensions: vectors[0]?.length ?? 0, warnings: nearPairs(view.targets.map(named), distance) };
}

function named({ index, provider, model, description }: TunableTarget): Parameters<typeof nearPairs>[0][number] {
  return { index, provider, model, description };
}

function distanceOf(metric: DistanceMetric, a: Float32Array, b: Float32Array): number {
  return metric === "cosine" ? cosineDistance(a, norm(a), b, norm(b)) : squaredDistance(a, b);
}
