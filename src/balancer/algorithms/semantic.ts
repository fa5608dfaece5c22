import { GwError } from "../../core/errors.ts";
import type { BalancerDefinition, Distances, Pick, TargetView } from "../balancer.ts";
import { createWheel, type Wheel } from "../wheel.ts";

/**
 * The nearest target within its threshold, then the others within theirs, then CATCHALL. Under a scoring rule the best comes first, and those
 * with too little are left to CATCHALL where there is one. Targets of one description are a group that
 * shares its requests by weight and stands together: its members come before the next-nearest description.
 */
export const semantic: BalancerDefinition = {
  name: "semantic",
  create({ targets, memories }) {
    const groups = groupByDescription(targets);
    const order = (candidates: readonly TargetView[], pick: Pick, wheel: Wheel | undefined) =>
      orderByDistance(candidates, pick, { groups, wheel });
    if (groups.every((group, index) => group === index)) {
      return {
        name: "semantic",
        isByDistanceOnly: true,
        needsUsage: false,
        order: (candidates, pick) => order(candidates, pick, undefined),
      };
    }
    const wheel = createWheel(targets, memories);
    return {
      name: "semantic",
      isByDistanceOnly: false,
      needsUsage: false,
      order: (candidates, pick) => order(candidates, pick, wheel),
      observe(event) {
        if (event.kind !== "chosen") return;
        const group = groups[event.order[0] ?? -1];
        wheel.take(event.order.filter((index) => groups[index] === group));
      },
    };
  },
};

/** By target index, the first target of the same description. */
function groupByDescription(targets: readonly TargetView[]): readonly number[] {
  return targets.map(({ description }) => targets.findIndex((other) => other.description === description));
}

interface Grouping {
  readonly groups: readonly number[];
  /** undefined when each target is a group of its own. */
  readonly wheel: Wheel | undefined;
}

function orderByDistance(
  targets: readonly TargetView[],
  { distances, standings }: Pick,
  { groups, wheel }: Grouping,
): readonly number[] {
  const inTurn = (a: number, b: number): number =>
    (groups[a] ?? a) - (groups[b] ?? b) || (wheel === undefined ? a - b : wheel.compare(a, b));
  const catchalls = targets.filter((target) => target.isCatchall).map((target) => target.index);
  catchalls.sort(inTurn);
  if (distances === undefined) return catchalls;
  const near = targets.filter((target) => {
    const distance = distanceOf(target, distances);
    if (distance === undefined || distance > target.threshold) return false;
    const standing = standings?.[target.index];
    return standing === undefined || standing.score >= standing.least || catchalls.length === 0;
  });
  const scoreOf = (index: number): number => standings?.[index]?.score ?? 0;
  const indexes = near.map((target) => target.index);
  indexes.sort((a, b) => scoreOf(b) - scoreOf(a) || (distances[a] ?? 0) - (distances[b] ?? 0) || inTurn(a, b));
  return [...indexes, ...catchalls];
}

function distanceOf(target: TargetView, distances: Distances): number | undefined {
  return target.isCatchall ? undefined : distances[target.index];
}

/** GW_NO_TARGET, with what would have to change: Kong only logs a warning and answers 500. */
export function noTargetError(targets: readonly TargetView[], distances: Distances): GwError {
  const advice =
    "Raise the threshold, describe the targets more closely, or add a target with the description CATCHALL.";
  const compared = targets.filter((target) => distanceOf(target, distances) !== undefined);
  compared.sort((a, b) => (distances[a.index] ?? 0) - (distances[b.index] ?? 0) || a.index - b.index);
  const [nearest] = compared;
  const distance = nearest && distances[nearest.index];
  if (nearest === undefined || distance === undefined)
    return new GwError("GW_NO_TARGET", `No target can be compared with this request. ${advice}`);
  return new GwError(
    "GW_NO_TARGET",
    `No target can be found under threshold ${nearest.threshold}: the nearest is targets[${nearest.index}] at distance ${distance.toFixed(4)}. ${advice}`,
    { details: { nearest: nearest.index, distance, threshold: nearest.threshold } },
  );
}
