import { expect, test } from "vitest";
import { roundRobin } from "../../../../src/balancer/algorithms/round-robin.ts";
import { TargetMemories } from "../../../../src/balancer/memory.ts";
import { choose, openBalancer, orderAt, weighted } from "../../../support/balancer.ts";

const turns = (weights: readonly number[], count: number): string => {
  const targets = weighted(...weights);
  const balancer = openBalancer(roundRobin, targets);
  return Array.from({ length: count }, () => "abc"[choose(balancer, targets)]).join("");
};

test("spreads a heavy target's turns out: nginx's own example", () => {
  expect(turns([5, 1, 1], 14)).toBe("aabacaaaabacaa");
});

test("gives equal weights equal turns in the order of the file", () => {
  expect(turns([100, 100, 100], 7)).toBe("abcabca");
});

test("is exact over a whole round: 70, 25 and 5 of 100", () => {
  const seen = turns([70, 25, 5], 100);
  expect(["a", "b", "c"].map((name) => seen.split(name).length - 1)).toEqual([70, 25, 5]);
});

test("counts no turn for an order that nobody takes", () => {
  const targets = weighted(2, 1);
  const balancer = openBalancer(roundRobin, targets);
  expect([orderAt(balancer, targets), orderAt(balancer, targets)]).toEqual([
    [0, 1],
    [0, 1],
  ]);
});

test("shares what an absent target leaves by the weights of the others", () => {
  const targets = weighted(2, 1, 5);
  const balancer = openBalancer(roundRobin, targets);
  const left = targets.slice(0, 2);
  expect(Array.from({ length: 6 }, () => choose(balancer, left))).toEqual([0, 1, 0, 0, 1, 0]);
});

test("goes on after a reload where it was, and starts afresh with other weights", () => {
  const memories = new TargetMemories();
  const targets = weighted(1, 1, 1);
  const first = openBalancer(roundRobin, targets, {}, memories);
  choose(first, targets);
  const reloaded = openBalancer(roundRobin, targets, {}, memories);
  expect(choose(reloaded, targets)).toBe(1);
  const others = weighted(1, 1, 2);
  const changed = openBalancer(roundRobin, others, {}, memories);
  expect(Array.from({ length: 4 }, () => choose(changed, others))).toEqual([2, 0, 1, 2]);
});

test("several workers together keep to the weights within 2 % over 10,000 requests, however these are dealt out", () => {
  const targets = weighted(70, 25, 5);
  const workers = Array.from({ length: 8 }, () => openBalancer(roundRobin, targets));
  const counts = [0, 0, 0];
  let random = 12_345;
  for (let request = 0; request < 10_000; request++) {
    random = (Math.imul(random, 1_103_515_245) + 12_345) >>> 0;
    const worker = workers[Math.floor((random / 2 ** 32) ** 2 * workers.length)];
    const index = worker === undefined ? -1 : choose(worker, targets);
    counts[index] = (counts[index] ?? 0) + 1;
  }
  for (const [index, count] of counts.entries())
    expect(Math.abs(count / 100 - (targets[index]?.weight ?? 0))).toBeLessThan(0.2);
});
