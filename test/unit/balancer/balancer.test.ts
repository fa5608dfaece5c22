import * as fc from "fast-check";
import { expect, test } from "vitest";
import { noTargetError, orderTargets, type TargetView } from "../../../src/balancer/balancer.ts";

const target = (index: number, threshold = 0.8): TargetView => ({ index, isCatchall: false, threshold });
const catchall = (index: number): TargetView => ({ index, isCatchall: true, threshold: 0.8 });
const seed = [target(0), target(1), catchall(2)];

test("the nearest within the threshold comes first, then the next, then CATCHALL", () => {
  expect(orderTargets(seed, [0.7, 0.6, undefined])).toEqual({ order: [1, 0, 2], reason: "nearest" });
});

test("a target beyond its threshold is left out; at the threshold it matches", () => {
  expect(orderTargets(seed, [0.8, 0.81, undefined])).toEqual({ order: [0, 2], reason: "nearest" });
});

test("nothing within the threshold goes to CATCHALL", () => {
  expect(orderTargets(seed, [0.9, 0.95, undefined])).toEqual({ order: [2], reason: "catchall" });
});

test("equal distances go to the target that comes first in the file", () => {
  expect(orderTargets([target(3), target(1), target(2)], [undefined, 0.5, 0.5, 0.5]).order).toEqual([1, 2, 3]);
});

test("a threshold of its own decides for its target only", () => {
  expect(orderTargets([target(0, 0.3), target(1)], [0.4, 0.5]).order).toEqual([1]);
});

test("without distances only CATCHALL is left", () => {
  expect(orderTargets(seed, undefined)).toEqual({ order: [2], reason: "embedding_unavailable" });
  expect(orderTargets([target(0)], undefined).order).toEqual([]);
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
      const views = list.map(({ threshold, isCatchall }, index) => ({ index, threshold, isCatchall }));
      const distances = list.map(({ distance, isCatchall }) => (isCatchall ? undefined : distance));
      const { order } = orderTargets(views, distances);
      const expected = list.flatMap(({ threshold, isCatchall, distance }, index) =>
        isCatchall || distance <= threshold ? [index] : [],
      );
      expect(order.toSorted((a, b) => a - b)).toEqual(expected);
      const keys = order.map((index) => distances[index] ?? Number.POSITIVE_INFINITY);
      expect(keys).toEqual(keys.toSorted((a, b) => a - b));
    }),
  );
});
