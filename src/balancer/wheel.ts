import type { TargetView } from "./balancer.ts";
import type { TargetMemory } from "./memory.ts";

/** Smooth weighted round-robin: whose turn it is. */
export interface Wheel {
  /** Negative when it is `a`'s turn before `b`'s. */
  readonly compare: (a: number, b: number) => number;
  /** The first of `among` has had its turn; each of them moves up by its weight. */
  take(among: readonly number[]): void;
}

interface Seat {
  position: number;
  /** Sum of all weights when the position was counted. */
  total: number;
}

/**
 * nginx's algorithm (ngx_http_upstream_round_robin.c): each turn adds every target's weight to its position; the highest has its turn and
 * gives back the sum. Over any whole round the shares are exact, and a heavy target's turns are spread out. Other weights start at zero:
 * positions counted in them would favour one target for long.
 */
export function createWheel(targets: readonly TargetView[], memories: readonly TargetMemory[]): Wheel {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  const weights = targets.map(({ weight }) => weight);
  const seats = memories.map((memory) => memory.keep<Seat>("wheel", () => ({ position: 0, total })));
  if (seats.some((seat) => seat.total !== total)) for (const seat of seats) Object.assign(seat, { position: 0, total });

  const next = (index: number): number => (seats[index]?.position ?? 0) + (weights[index] ?? 0);
  return {
    compare: (a, b) => next(b) - next(a) || a - b,
    take(among) {
      let sum = 0;
      for (const index of among) {
        const seat = seats[index];
        const weight = weights[index] ?? 0;
        if (seat !== undefined) seat.position += weight;
        sum += weight;
      }
      const chosen = seats[among[0] ?? -1];
      if (chosen !== undefined) chosen.position -= sum;
    },
  };
}
