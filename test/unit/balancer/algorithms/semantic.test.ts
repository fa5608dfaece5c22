import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { noTargetError, semantic } from "../../../../src/balancer/algorithms/semantic.ts";
import type { Distances, TargetView } from "../../../../src/balancer/balancer.ts";
import { choose, openBalancer, orderAt, targetView } from "../../../support/balancer.ts";

const target = (index: number, threshold = 0.8): TargetView => targetView(index, { threshold });
const catchall = (index: number, weight = 100): TargetView =>
  targetView(index, { isCatchall: true, description: "CATCHALL", weight });
const seed = [target(0), target(1), catchall(2)];

function orderTargets(targets: readonly TargetView[], distances: Distances | undefined): readonly number[] {
  const order = openBalancer(semantic, targets);
  return orderAt(order, targets, 0, distances === undefined ? {} : { distances });
}

test("the nearest within the threshold comes first, then the next, then CATCHALL", () => {
  expect(orderTargets(seed, [0.7, 0.6, undefined])).toEqual([1, 0, 2]);
});

test("a target beyond its threshold is left out; at the threshold it matches", () => {
  expect(orderTargets(seed, [0.8, 0.81, undefined])).toEqual([0, 2]);
});

test("nothing within the threshold goes to CATCHALL", () => {
  expect(orderTargets(seed, [0.9, 0.95, undefined])).toEqual([2]);
});

test("equal distances go to the target that comes first in the file", () => {
  expect(orderTargets([target(0), target(1), target(2)], [0.6, 0.5, 0.5])).toEqual([1, 2, 0]);
});

test("a threshold of its own decides for its target only", () => {
  expect(orderTargets([target(0, 0.3), target(1)], [0.4, 0.5])).toEqual([1]);
});

test("without distances only CATCHALL is left", () => {
  expect(orderTargets(seed, undefined)).toEqual([2]);
  expect(orderTargets([target(0)], undefined)).toEqual([]);
});

describe("under a scoring rule", () => {
  const standing = (score: number) => ({ score, least: 0.1, parts: [] });
  const order = (targets: readonly TargetView[], distances: Distances, scores: readonly number[]): readonly number[] =>
    orderAt(openBalancer(semantic, targets), targets, 0, { distances, standings: scores.map(standing) });

  test("the best score comes first, whatever the distances", () => {
    expect(order(seed, [0.5, 0.6], [0.2, 0.3])).toEqual([1, 0, 2]);
  });

  test("a target with too little is left to CATCHALL, and taken where there is none", () => {
    expect(order(seed, [0.5, 0.6], [0.05, 0.3])).toEqual([1, 2]);
    expect(order(seed.slice(0, 2), [0.5, 0.6], [0.05, 0.02])).toEqual([0, 1]);
  });

  test("no score admits a target beyond its threshold", () => {
    expect(order(seed, [0.81, 0.6], [9, 0.2])).toEqual([1, 2]);
  });
});

test("the error names the nearest target, its distance and the threshold", () => {
  const error = noTargetError([target(0), target(1)], [0.91, 0.85]);
  expect(error).toMatchObject({
    code: "GW_NO_TARGET",
    status: 503,
    details: { nearest: 1, distance: 0.85, threshold: 0.8 },
  });
  expect(error.message).toContain("under threshold 0.8: the nearest is targets[1] at distance 0.8500");
  expect(noTargetError([], []).message).toContain("No target can be compared");
});

test("the order holds each target that matches once, ascending by distance, CATCHALL last", () => {
  const targets = fc.array(
    fc.record({
      threshold: fc.double({ min: 0, max: 2, noNaN: true }),
      isCatchall: fc.boolean(),
      distance: fc.double({ min: 0, max: 2, noNaN: true }),
    }),
    { maxLength: 12 },
  );
  fc.assert(
    fc.property(targets, (list) => {
      const views = list.map((fields, index) => targetView(index, fields));
      const distances = list.map(({ distance, isCatchall }) => (isCatchall ? undefined : distance));
      const order = orderTargets(views, distances);
      const expected = list.flatMap(({ threshold, isCatchall, distance }, index) =>
        isCatchall || distance <= threshold ? [index] : [],
      );
      expect(order.toSorted((a, b) => a - b)).toEqual(expected);
      const keys = order.map((index) => distances[index] ?? Number.POSITIVE_INFINITY);
      expect(keys).toEqual(keys.toSorted((a, b) => a - b));
    }),
  );
});

describe("targets of one description", () => {
  const code = (index: number, weight: number): TargetView => targetView(index, { description: "code", weight });
  const group = [code(0, 75), target(1), code(2, 25), catchall(3)];
  const near = { distances: [0.3, 0.4, 0.3, undefined] };

  test("share its prompts by weight, and stand together before the next description", () => {
    const balancer = openBalancer(semantic, group);
    const orders = Array.from({ length: 4 }, () => {
      const order = orderAt(balancer, group, 0, near);
      choose(balancer, group, 0, near);
      return order.join("");
    });
    expect(orders).toEqual(["0213", "0213", "2013", "0213"]);
  });

  test("do not lose a turn to prompts that go elsewhere", () => {
    const balancer = openBalancer(semantic, group);
    for (let round = 0; round < 10; round++) choose(balancer, group, 0, { distances: [0.5, 0.1, 0.5, undefined] });
    expect(orderAt(balancer, group, 0, near)).toEqual([0, 2, 1, 3]);
  });

  test("share what nothing else matches when they are CATCHALL", () => {
    const targets = [catchall(0, 1), catchall(1, 2)];
    const balancer = openBalancer(semantic, targets);
    expect(Array.from({ length: 6 }, () => choose(balancer, targets))).toEqual([1, 0, 1, 1, 0, 1]);
  });

  test("are ordered anew each time; others by their distance alone", () => {
    expect(openBalancer(semantic, group)).toMatchObject({ isByDistanceOnly: false });
    const plain = openBalancer(semantic, seed);
    expect(plain.isByDistanceOnly).toBe(true);
    expect(plain).not.toHaveProperty("observe");
  });
});
