import { distanceOfProduct, norm, squaredDistance } from "./distance.ts";
import { openVectorTable } from "./dot-products/table.ts";
import { takeNearest } from "./nearest.ts";
import type { DistanceMetric, VectorItem, VectorMatch } from "./store.ts";

/** Compares with every item: what the answers of all stores are held to. */
export interface ExactSearch {
  /** In the order of the items. */
  distances(query: Float32Array): Float64Array;
  /** In the order of VectorStore.search. */
  nearest(query: Float32Array, limit: number): VectorMatch[];
}

/** Of items of one length. What depends on them alone is done here, so that a search pays for the query only. */
export function openExactSearch(metric: DistanceMetric, items: readonly VectorItem[]): ExactSearch {
  const vectors = items.map(({ vector }) => vector);
  const distances = metric === "cosine" ? cosineOf(vectors) : squaresOf(vectors);
  return {
    distances,
    nearest(query, limit) {
      const found = distances(query);
      return takeNearest(
        items.map(({ id }, row) => ({ id, distance: found[row] as number })),
        limit,
      );
    },
  };
}

function cosineOf(vectors: readonly Float32Array[]): ExactSearch["distances"] {
  const norms = vectors.map(norm);
  const table = openVectorTable(vectors, vectors[0]?.length ?? 0);
  return (query) => {
    const queryNorm = norm(query);
    const products = table.dots(query);
    const distances = new Float64Array(norms.length);
    for (const [row, each] of norms.entries())
      distances[row] = distanceOfProduct(products[row] as number, each * queryNorm);
    return distances;
  };
}

function squaresOf(vectors: readonly Float32Array[]): ExactSearch["distances"] {
  return (query) => Float64Array.from(vectors, (vector) => squaredDistance(vector, query));
}
