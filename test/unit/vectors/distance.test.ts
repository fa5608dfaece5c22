import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cosineDistance, norm, squaredDistance } from "../../../src/vectors/distance.ts";

const cosine = (a: Float32Array, b: Float32Array): number => cosineDistance(a, norm(a), b, norm(b));
const numbers = fc.integer({ min: -1_000, max: 1_000 });
const pairs = fc
  .array(fc.tuple(numbers, numbers), { maxLength: 23 })
  .map((both) => [Float32Array.from(both, ([x]) => x), Float32Array.from(both, ([, y]) => y)] as const);

describe("cosineDistance", () => {
  it("is 0 for one direction, 1 for a right angle, 2 for the opposite", () => {
    const east = Float32Array.of(3, 0);
    expect(
      [
        [9, 0],
        [0, 2],
        [-1, 0],
      ].map((other) => cosine(east, Float32Array.from(other))),
    ).toEqual([0, 1, 2]);
  });

  it("is 1 when a vector is zero", () => {
    expect(cosine(Float32Array.of(0, 0), Float32Array.of(1, 2))).toBe(1);
    expect(cosine(new Float32Array(0), new Float32Array(0))).toBe(1);
  });

  it("stays within 0…2, is symmetric, and is 0 to itself, for vectors of any length", () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const distance = cosine(a, b);
        expect(distance).toBeGreaterThanOrEqual(0);
        expect(distance).toBeLessThanOrEqual(2);
        expect(cosine(b, a)).toBe(distance);
        if (norm(a) > 0) expect(cosine(a, a)).toBeLessThan(1e-12);
      }),
    );
  });
});

describe("squaredDistance", () => {
  it("is the sum of the squared differences, for vectors of any length", () => {
    fc.assert(
      fc.property(pairs, ([a, b]) => {
        expect(squaredDistance(a, b)).toBe(a.reduce((sum, x, index) => sum + (x - b[index]!) ** 2, 0));
      }),
    );
  });
});
