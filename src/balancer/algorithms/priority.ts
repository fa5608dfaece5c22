import type { BalancerDefinition } from "../balancer.ts";
import { createWheel } from "../wheel.ts";

/** Targets of equal weight are a group; the heaviest group with an available target serves, its members in turn. */
export const priority: BalancerDefinition = {
  name: "priority",
  create({ targets, memories }) {
    const wheel = createWheel(targets, memories);
    const weightOf = (index: number): number => targets[index]?.weight ?? 0;
    return {
      name: "priority",
      isByDistanceOnly: false,
      needsUsage: false,
      order: (candidates) =>
        candidates.map(({ index }) => index).sort((a, b) => weightOf(b) - weightOf(a) || wheel.compare(a, b)),
      observe(event) {
        if (event.kind !== "chosen") return;
        const highest = weightOf(event.order[0] ?? -1);
        wheel.take(event.order.filter((index) => weightOf(index) === highest));
      },
    };
  },
};
