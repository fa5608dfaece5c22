import type { BalancerDefinition } from "../balancer.ts";
import { rank } from "../rank.ts";
import { createRota } from "../rota.ts";

/** The smallest (requests under way + 1) / weight; of equals the one that has waited longest. */
export const leastConnections: BalancerDefinition = {
  name: "least-connections",
  create({ targets, memories }) {
    const loads = memories.map((memory) => memory.keep("least-connections", () => ({ underWay: 0 })));
    const rota = createRota(memories);
    const score = (index: number): number => ((loads[index]?.underWay ?? 0) + 1) / (targets[index]?.weight ?? 1);
    return {
      name: "least-connections",
      isByDistanceOnly: false,
      needsUsage: false,
      order: (candidates) => rank(candidates, score, rota),
      observe(event) {
        if (event.kind === "chosen") {
          rota.take(event.order[0]);
          return;
        }
        const load = loads[event.index];
        if (load !== undefined) load.underWay += event.kind === "start" ? 1 : -1;
      },
    };
  },
};
