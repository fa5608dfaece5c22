import { describe, expect, test } from "vitest";
import { lowestLatency } from "../../../../src/balancer/algorithms/lowest-latency.ts";
import type { Balancer } from "../../../../src/balancer/balancer.ts";
import { attempt, choose, openBalancer, orderAt, simulate, tokens, weighted } from "../../../support/balancer.ts";

const now = 1_000_000;
const pair = weighted(1, 1);

/** The value of target 0 lies between the two values that target 1 is given, each in a balancer of its own. */
function expectValue(prepare: (balancer: Balancer) => void, at: number, [low, high]: readonly [number, number]): void {
  for (const [ms, first] of [
    [low, 1],
    [high, 0],
  ] as const) {
    const balancer = openBalancer(lowestLatency, pair);
    prepare(balancer);
    attempt(balancer, 1, at, { ms });
    expect(orderAt(balancer, pair, at)[0]).toBe(first);
  }
}

describe("the formula", () => {
  test("the first sample is the value, which fades by e^-1 in 10 s", () => {
    expectValue((balancer) => attempt(balancer, 0, now, { ms: 1000 }), now + 10_000, [367, 369]);
  });

  test("a second sample after 5 s: 1000·e^-0.5 + 200·(1 − e^-0.5) = 685.2", () => {
    expectValue(
      (balancer) => {
        attempt(balancer, 0, now, { ms: 1000 });
        attempt(balancer, 0, now + 5000, { ms: 200 });
      },
      now + 5000,
      [685, 686],
    );
  });

  test("is divided by the weight", () => {
    const targets = weighted(3, 1);
    const balancer = openBalancer(lowestLatency, targets);
    attempt(balancer, 0, now, { ms: 290 });
    attempt(balancer, 1, now, { ms: 100 });
    expect(orderAt(balancer, targets, now)).toEqual([0, 1]);
  });

  test("takes a new target for the mean of the others", () => {
    const targets = weighted(1, 1, 1);
    const balancer = openBalancer(lowestLatency, targets);
    attempt(balancer, 0, now, { ms: 100 });
    attempt(balancer, 1, now, { ms: 300 });
    expect(orderAt(balancer, targets, now)).toEqual([0, 2, 1]);
  });

  test("tpot divides by the tokens of the answer", () => {
    const balancer = openBalancer(lowestLatency, pair, { latencyStrategy: "tpot" });
    attempt(balancer, 0, now, { ms: 3000, usage: tokens(5, 300) });
    attempt(balancer, 1, now, { ms: 200, usage: tokens(5, 10) });
    expect(orderAt(balancer, pair, now)).toEqual([0, 1]);
  });
});

test("a value does not fade while somebody tries: the others do not follow", () => {
  const balancer = openBalancer(lowestLatency, pair);
  attempt(balancer, 0, now, { ms: 100 });
  attempt(balancer, 1, now, { ms: 150 });
  attempt(balancer, 0, now + 8000, { ms: 100 });
  expect(orderAt(balancer, pair, now + 8000)[0]).toBe(1);
  balancer.observe?.({ kind: "start", index: 1, now: now + 8000 });
  expect(orderAt(balancer, pair, now + 8000)[0]).toBe(0);
});

test("a target that fails at once is not the fastest", () => {
  const balancer = openBalancer(lowestLatency, pair);
  attempt(balancer, 0, now, { ms: 100 });
  attempt(balancer, 1, now, { ms: 100 });
  attempt(balancer, 1, now, { verdict: "bad", ms: 1 });
  expect(orderAt(balancer, pair, now + 6000)[0]).toBe(0);
  for (let again = 0; again < 50; again++) attempt(balancer, 1, now + 6000, { verdict: "bad", ms: 1 });
  expect(orderAt(balancer, pair, now + 15_000)[0], "and is tried again later").toBe(0);
  attempt(balancer, 0, now + 15_000, { ms: 100 });
  expect(orderAt(balancer, pair, now + 16_000)[0]).toBe(1);
});

test("the fastest gets 90 to 99.9 %, and the others are still tried", () => {
  const targets = weighted(1, 1, 1);
  const balancer = openBalancer(lowestLatency, targets);
  const counts = simulate(balancer, targets, [{ ms: 800 }, { ms: 300 }, { ms: 500 }], { count: 12_000, everyMs: 50 });
  const shares = counts.map((count) => (100 * count) / 12_000);
  expect(shares[1]).toBeGreaterThan(90);
  expect(shares[1]).toBeLessThan(99.9);
  expect(Math.min(shares[0] ?? 0, shares[2] ?? 0)).toBeGreaterThan(0.1);
});

test("before anything is known all get requests in turn", () => {
  const balancer = openBalancer(lowestLatency, pair);
  expect(Array.from({ length: 4 }, () => choose(balancer, pair, now))).toEqual([0, 1, 0, 1]);
});
