import { GwError } from "../core/errors.ts";

/** One target as a balancer sees it. `index` counts from 0 in file order. */
export interface TargetView {
  readonly index: number;
  /** Used when no other target matches; it has no distance. */
  readonly isCatchall: boolean;
  /** Largest distance at which the target matches. */
  readonly threshold: number;
}

/** Distances of a text to the targets, by target index; undefined for CATCHALL. */
export type Distances = readonly (number | undefined)[];

export type ChoiceReason = "nearest" | "catchall" | "embedding_unavailable";

/** Indexes of the targets that may be tried, best first: a failed attempt moves on to the next. */
export interface Choice {
  readonly order: readonly number[];
  readonly reason: ChoiceReason;
}

/**
 * The nearest target within its threshold (of equals the one that comes first in the file), then the others within theirs, then CATCHALL.
 * Without distances only CATCHALL is left. The order is empty when nothing matches.
 */
export function orderTargets(targets: readonly TargetView[], distances: Distances | undefined): Choice {
  const catchalls = targets.filter((target) => target.isCatchall).map((target) => target.index);
  if (distances === undefined) return { order: catchalls, reason: "embedding_unavailable" };
  const near = rankTargets(targets, distances).filter(({ target, distance }) => distance <= target.threshold);
  return {
    order: [...near.map(({ target }) => target.index), ...catchalls],
    reason: near.length > 0 ? "nearest" : "catchall",
  };
}

/** GW_NO_TARGET, with what would have to change: Kong only logs a warning and answers 500. */
export function noTargetError(targets: readonly TargetView[], distances: Distances): GwError {
  const [nearest] = rankTargets(targets, distances);
  const advice =
    "Raise the threshold, describe the targets more closely, or add a target with the description CATCHALL.";
  if (nearest === undefined)
    return new GwError("GW_NO_TARGET", `No target can be compared with this request. ${advice}`);
  const { target, distance } = nearest;
  const shown = distance.toFixed(4);
  return new GwError(
    "GW_NO_TARGET",
    `No target can be found under threshold ${target.threshold}: the nearest is targets[${target.index}] at distance ${shown}. ${advice}`,
    { details: { nearest: target.index, distance, threshold: target.threshold } },
  );
}

interface RankedTarget {
  readonly target: TargetView;
  readonly distance: number;
}

function rankTargets(targets: readonly TargetView[], distances: Distances): RankedTarget[] {
  return targets
    .flatMap((target): RankedTarget[] => {
      const distance = target.isCatchall ? undefined : distances[target.index];
      return distance === undefined ? [] : [{ target, distance }];
    })
    .sort((a, b) => a.distance - b.distance || a.target.index - b.target.index);
}
