import type { TargetView } from "./balancer.ts";
import type { Rota } from "./rota.ts";

/** Indexes of `candidates`, the smallest score first; of equals the one that has waited longest. `score` is asked once for each. */
export function rank(
  candidates: readonly TargetView[],
  score: (index: number) => number,
  rota: Rota,
): readonly number[] {
  return candidates
    .map(({ index }) => ({ index, score: score(index) }))
    .sort((a, b) => a.score - b.score || rota.compare(a.index, b.index))
    .map(({ index }) => index);
}
