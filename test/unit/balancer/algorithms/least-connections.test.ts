import { expect, test } from "vitest";
import { leastConnections } from "../../../../src/balancer/algorithms/least-connections.ts";
import { choose, end, openBalancer, orderAt, simulate, weighted } from "../../../support/balancer.ts";

test("fills targets up by (under way + 1) / weight", () => {
  const targets = weighted(70, 25, 5);
  const balancer = openBalancer(leastConnections, targets);
  const chosen = Array.from({ length: 20 }, () => {
    const index = choose(balancer, targets);
    balancer.observe?.({ kind: "start", index, now: 0 });
    return index;
  });
  // Ascending: 1/70 2/70 1/25 3/70 4/70 5/70 2/25 … 13/70; then 1/5, 5/25 and 14/70 are equal, and who has waited longest comes first.
  expect(chosen.join("")).toBe("00100010001000100210");
});

test("of equals takes the one that has waited longest", () => {
  const targets = weighted(1, 1, 1);
  const balancer = openBalancer(leastConnections, targets);
  expect(Array.from({ length: 5 }, () => choose(balancer, targets))).toEqual([0, 1, 2, 0, 1]);
});

test("an answer makes room, whatever it was", () => {
  const targets = weighted(1, 1);
  const balancer = openBalancer(leastConnections, targets);
  for (const index of [0, 0, 1]) balancer.observe?.({ kind: "start", index, now: 0 });
  expect(orderAt(balancer, targets)).toEqual([1, 0]);
  end(balancer, 0, 5, { verdict: "bad" });
  end(balancer, 0, 5, { verdict: "neutral" });
  expect(orderAt(balancer, targets)).toEqual([0, 1]);
});

test("a target that is three times as fast gets three times the requests", () => {
  const targets = weighted(1, 1);
  const balancer = openBalancer(leastConnections, targets);
  const [fast = 0, slow = 0] = simulate(balancer, targets, [{ ms: 100 }, { ms: 300 }], { count: 20_000, everyMs: 2 });
  expect(fast / slow).toBeGreaterThan(2.9);
  expect(fast / slow).toBeLessThan(3.1);
});
