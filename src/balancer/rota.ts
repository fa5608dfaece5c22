import type { TargetMemory } from "./memory.ts";

/** Who has waited longest: decides among targets that are equally good. */
export interface Rota {
  /** Negative when `a` has waited longer; of those that never had a turn the first in the file. */
  compare(a: number, b: number): number;
  take(index: number | undefined): void;
}

export function createRota(memories: readonly TargetMemory[]): Rota {
  const turns = memories.map((memory) => memory.keep("rota", () => ({ last: 0 })));
  let latest = Math.max(0, ...turns.map(({ last }) => last));
  return {
    compare: (a, b) => (turns[a]?.last ?? 0) - (turns[b]?.last ?? 0) || a - b,
    take(index) {
      const turn = turns[index ?? -1];
      if (turn !== undefined) turn.last = ++latest;
    },
  };
}
