import type { BalancerDefinition } from "../balancer.ts";
import { createHashRing } from "../hash-ring.ts";

/** Equal keys go to the same target; while it is away, to the next one on the ring. */
export const consistentHashing: BalancerDefinition = {
  name: "consistent-hashing",
  create({ targets, memories, slots }) {
    const members = targets.map(({ weight }, index) => ({ key: memories[index]?.identity ?? String(index), weight }));
    const ring = createHashRing(members, slots);
    return {
      name: "consistent-hashing",
      isByDistanceOnly: false,
      needsUsage: false,
      order(candidates, { hashKey }) {
        const walk = ring.walk(hashKey);
        if (candidates.length === targets.length) return walk;
        return walk.filter((index) => candidates.some((candidate) => candidate.index === index));
      },
    };
  },
};
