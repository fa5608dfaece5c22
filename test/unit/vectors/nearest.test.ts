import { describe, expect, it } from "vitest";
import { takeNearestOf } from "../../../src/vectors/nearest.ts";

describe("takeNearestOf", () => {
  it("asks once when the last place is not shared", async () => {
    const asked: number[] = [];
    const nearest = await takeNearestOf(2, serverWith({ a: 0, b: 1, c: 2, d: 3 }, asked));
    expect(nearest.map(({ id }) => id)).toEqual(["a", "b"]);
    expect(asked).toEqual([3]);
  });

  it("asks for more until it has seen everything that shares the last place", async () => {
    const asked: number[] = [];
    const nearest = await takeNearestOf(2, serverWith({ z: 0, y: 1, x: 1, w: 1, v: 1, u: 1, t: 2 }, asked));
    expect(nearest.map(({ id }) => id)).toEqual(["z", "u"]);
    expect(asked).toEqual([3, 6, 12]);
  });

  it("ends when there is no more", async () => {
    const nearest = await takeNearestOf(5, serverWith({ b: 1, a: 1 }, []));
    expect(nearest.map(({ id }) => id)).toEqual(["a", "b"]);
  });
});

/** Gives equal distances in the order of writing. */
function serverWith(distances: Readonly<Record<string, number>>, asked: number[]) {
  return async (count: number) => {
    asked.push(count);
    return Object.entries(distances)
      .map(([id, distance]) => ({ id, distance }))
      .slice(0, count);
  };
}
