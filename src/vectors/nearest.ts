import type { VectorMatch } from "./store.ts";

/** The first `limit` in the order of VectorStore.search: ascending by distance, equal distances by id. */
export function takeNearest(matches: readonly VectorMatch[], limit: number): VectorMatch[] {
  return matches.toSorted(byDistanceThenId).slice(0, limit);
}

/**
 * takeNearest for a server that orders equal distances as it likes: asks it for more until the last place is not shared with items
 * that it may have left out.
 */
export async function takeNearestOf(
  limit: number,
  fetchNearest: (count: number) => Promise<readonly VectorMatch[]>,
): Promise<VectorMatch[]> {
  for (let count = limit + 1; ; count *= 2) {
    const nearest = takeNearest(await fetchNearest(count), count);
    const isComplete = nearest.length < count;
    if (isComplete || nearest[limit - 1]?.distance !== nearest.at(-1)?.distance) return nearest.slice(0, limit);
  }
}

function byDistanceThenId(a: VectorMatch, b: VectorMatch): number {
  if (a.distance !== b.distance) return a.distance - b.distance;
  if (a.id === b.id) return 0;
  return a.id < b.id ? -1 : 1;
}
