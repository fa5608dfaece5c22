import { beforeEach, expect, test } from "vitest";
import { StallGuard } from "../../../../src/plugins/ai-proxy-advanced/stall-guard.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";

let clock: FakeClock;
let stalls: number;
let guard: StallGuard;

beforeEach(() => {
  clock = createFakeClock();
  stalls = 0;
  guard = new StallGuard(clock, () => {
    stalls += 1;
  });
});

test("calls once, when the last sign of life is as old as allowed", () => {
  guard.watch(1000);
  clock.advance(600);
  guard.touch();
  clock.advance(999);
  expect(stalls).toBe(0);
  clock.advance(1);
  expect([stalls, clock.waiting]).toEqual([1, []]);
});

test("goes over to another limit", () => {
  guard.watch(1000);
  guard.watch(60_000);
  clock.advance(59_999);
  expect(stalls).toBe(0);
  clock.advance(1);
  expect(stalls).toBe(1);
});

test("does not count the time that a client takes to read, and begins anew after it", () => {
  guard.watch(1000);
  guard.pause();
  clock.advance(1000);
  clock.advance(1000);
  expect(stalls).toBe(0);
  guard.touch();
  clock.advance(1000);
  expect(stalls).toBe(1);
});

test("leaves no timer behind, and needs one for any number of pieces", () => {
  guard.watch(1000);
  for (let piece = 0; piece < 100; piece++) guard.touch();
  expect(clock.waiting).toEqual([1000]);
  guard.stop();
  expect(clock.waiting).toEqual([]);
});
