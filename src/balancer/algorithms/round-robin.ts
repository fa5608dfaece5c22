import type { BalancerDefinition } from "../balancer.ts";
import { createWheel } from "../wheel.ts";

/** Each target in turn, as often as its weight says. Kong shuffles its wheel; here the order is known. */
export const roundRobin: BalancerDefinition = {
  name: "round-robin",
  create({ targets, memories }) {
    const wheel = createWheel(targets, memories);
    return {
      name: "round-robin",
      isByDistanceOnly: false,
      needsUsage: false,
      order: (candidates) => candidates.map(({ index }) => index).sort(wheel.compare),
      observe(event) {
        if (event.kind === "chosen") wheel.take(event.order);
      },
    };
  },
};
