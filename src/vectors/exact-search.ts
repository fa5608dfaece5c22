import { cosineDistance, norm, squaredDistance } from "./distance.ts";
import { takeNearest } from "./nearest.ts";
import type { DistanceMetric, VectorItem, VectorMatch } from "./store.ts";

/** An item with its norm, so that a search computes only the query's. */
export interface MeasuredItem extends VectorItem {
  readonly norm: number;
}

export function measure(item: VectorItem): MeasuredItem {
  return { id: item.id, vector: item.vector, norm: norm(item.vector) };
}

/** Compares `query` with every item: what the answers of all stores are held to. */
export function searchExactly(
  metric: DistanceMetric,
  items: readonly MeasuredItem[],
  query: Float32Array,
  limit: number,
): VectorMatch[] {
  const queryNorm = norm(query);
  const matches = items.map((item): VectorMatch => {
    const distance =
      metric === "cosine"
        ? cosineDistance(item.vector, item.norm, query, queryNorm)
        : squaredDistance(item.vector, query);
    return { id: item.id, distance };
  });
  return takeNearest(matches, limit);
}
