import { describe, expect, test } from "vitest";
import { costOf, lowestUsage } from "../../../../src/balancer/algorithms/lowest-usage.ts";
import type { BalancerSettings } from "../../../../src/balancer/balancer.ts";
import { attempt, choose, openBalancer, orderAt, simulate, tokens, weighted } from "../../../support/balancer.ts";

const targets = weighted(1, 1);
const now = 1_000_000;

describe("what is counted", () => {
  const strategies: readonly (readonly [BalancerSettings["usageStrategy"], readonly number[]])[] = [
    ["total-tokens", [1, 0]],
    ["prompt-tokens", [0, 1]],
    ["completion-tokens", [1, 0]],
    ["cost", [0, 1]],
  ];
  test.each(strategies)("%s", (usageStrategy, order) => {
    const prices = [
      { input: 1, output: 2 },
      { input: 30, output: 60 },
    ];
    const balancer = openBalancer(lowestUsage, targets, { usageStrategy, prices });
    attempt(balancer, 0, now, { usage: tokens(10, 100) });
    attempt(balancer, 1, now, { usage: tokens(50, 20) });
    expect(orderAt(balancer, targets, now)).toEqual(order);
  });

  test("the cost is Kong's: prices per million tokens", () => {
    expect(costOf({ prompt_tokens: 1000, completion_tokens: 500, total_tokens: 1500 }, { input: 1, output: 2 })).toBe(
      0.002,
    );
    expect(costOf({ prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 }, undefined)).toBe(0);
  });
});

test("usage fades: e^-1 of it is left after 10 s", () => {
  const balancer = openBalancer(lowestUsage, targets);
  attempt(balancer, 0, now, { usage: tokens(0, 1000) });
  attempt(balancer, 1, now + 10_000, { usage: tokens(0, 367) });
  expect(orderAt(balancer, targets, now + 10_000)[0]).toBe(1);
  attempt(balancer, 1, now + 10_000, { usage: tokens(0, 1) });
  expect(orderAt(balancer, targets, now + 10_000)[0]).toBe(0);
});

test("requests under way count as usual ones, so that not all follow the first", () => {
  const balancer = openBalancer(lowestUsage, targets);
  const chosen = Array.from({ length: 4 }, () => {
    const index = choose(balancer, targets, now);
    balancer.observe?.({ kind: "start", index, now });
    return index;
  });
  expect(chosen).toEqual([0, 1, 0, 1]);
});

test("a target that fails is not the least used for it; a client that leaves counts nothing", () => {
  const balancer = openBalancer(lowestUsage, targets);
  attempt(balancer, 0, now, { usage: tokens(0, 100) });
  attempt(balancer, 1, now, { verdict: "neutral" });
  expect(orderAt(balancer, targets, now)[0]).toBe(1);
  attempt(balancer, 1, now, { verdict: "bad" });
  attempt(balancer, 1, now, { verdict: "bad" });
  expect(orderAt(balancer, targets, now)[0]).toBe(0);
});

test("tokens, not requests, end up by weight, within 3 %", () => {
  const shares = weighted(70, 25, 5);
  const balancer = openBalancer(lowestUsage, shares);
  const used = [50, 200, 400];
  const counts = simulate(
    balancer,
    shares,
    used.map((total) => ({ ms: 700, usage: tokens(0, total) })),
    { count: 60_000, everyMs: 5 },
  );
  const spent = counts.map((count, index) => count * (used[index] ?? 0));
  const sum = spent.reduce((a, b) => a + b, 0);
  for (const [index, { weight }] of shares.entries())
    expect(Math.abs((100 * (spent[index] ?? 0)) / sum - weight)).toBeLessThan(3);
});
