import { expect, it } from "vitest";
import { reconnectDelayMs } from "../../../src/redis/backoff.ts";

it("waits twice as long after each failure, up to two seconds", () => {
  expect([1, 2, 3, 6, 7, 1_000_000].map((failures) => reconnectDelayMs(failures, 0))).toEqual([
    50, 100, 200, 1_600, 2_000, 2_000,
  ]);
});

it("takes off up to a half at random", () => {
  expect([reconnectDelayMs(7, 0.5), reconnectDelayMs(7, 1)]).toEqual([1_500, 1_000]);
});
