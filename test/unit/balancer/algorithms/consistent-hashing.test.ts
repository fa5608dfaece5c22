import { describe, expect, test } from "vitest";
import { consistentHashing } from "../../../../src/balancer/algorithms/consistent-hashing.ts";
import { createHashRing, hash32 } from "../../../../src/balancer/hash-ring.ts";
import { openBalancer, orderAt, weighted } from "../../../support/balancer.ts";

const keys = Array.from({ length: 20_000 }, (_, number) => `session-${number}`);

function firsts(weights: readonly number[], slots?: number): readonly number[] {
  const targets = weighted(...weights);
  const balancer = openBalancer(consistentHashing, targets, slots === undefined ? {} : { slots });
  return keys.map((hashKey) => orderAt(balancer, targets, 0, { hashKey })[0] ?? -1);
}

test("the same key goes to the same target, in every process", () => {
  const targets = weighted(100, 100, 100);
  const orders = ["a", "b", "c", "d"].map((hashKey) =>
    orderAt(openBalancer(consistentHashing, targets), targets, 0, { hashKey }).join(""),
  );
  // Known answers: a changed hash would send every session elsewhere after an update.
  expect(orders).toEqual(["021", "201", "201", "102"]);
});

test.each([
  [[100, 100, 100], 10_000],
  [[70, 25, 5], 10_000],
  [[70, 25, 5], 65_536],
  [[1, 1, 1, 1, 1, 1, 1, 1, 1, 1], 1000],
] as const)("shares follow weights %j on %d slots within 5 points", (weights, slots) => {
  const found = firsts(weights, slots);
  const total = weights.reduce((sum: number, weight) => sum + weight, 0);
  for (const [index, weight] of weights.entries()) {
    const share = (100 * found.filter((each) => each === index).length) / keys.length;
    expect(Math.abs(share - (100 * weight) / total)).toBeLessThan(5);
  }
});

test("a target that is away moves its own keys only, to the next on the ring", () => {
  const targets = weighted(1, 1, 1, 1);
  const balancer = openBalancer(consistentHashing, targets);
  const left = targets.filter(({ index }) => index !== 2);
  for (const hashKey of keys.slice(0, 500)) {
    const whole = orderAt(balancer, targets, 0, { hashKey });
    expect(orderAt(balancer, left, 0, { hashKey })).toEqual(whole.filter((index) => index !== 2));
  }
});

test("a target more takes its share, and nothing moves between the others", () => {
  const [before, after] = [firsts([1, 1, 1]), firsts([1, 1, 1, 1])];
  const moved = keys.filter((_, at) => before[at] !== after[at]);
  expect(keys.every((_, at) => before[at] === after[at] || after[at] === 3)).toBe(true);
  expect(Math.abs(moved.length / keys.length - 0.25)).toBeLessThan(0.05);
});

describe("the ring", () => {
  test("has room for more members than slots, and for the lightest of them", () => {
    const members = Array.from({ length: 3000 }, (_, number) => ({ key: `m${number}`, weight: 1 }));
    expect(new Set(createHashRing(members, 10).walk("x")).size).toBe(3000);
    const uneven = [
      { key: "heavy", weight: 65_535 },
      { key: "light", weight: 1 },
    ];
    expect(createHashRing(uneven, 10).walk("x")).toHaveLength(2);
  });

  test("hashes any text to 32 bits", () => {
    for (const text of ["", "ü", "a".repeat(100_000)]) {
      const hash = hash32(text);
      expect(Number.isInteger(hash) && hash >= 0 && hash < 2 ** 32).toBe(true);
    }
  });
});
