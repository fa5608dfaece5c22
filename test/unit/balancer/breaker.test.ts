import { beforeEach, describe, expect, test } from "vitest";
import { Health } from "../../../src/balancer/health.ts";
import { TargetMemories } from "../../../src/balancer/memory.ts";
import { createFakeClock, type FakeClock } from "../../support/fake-clock.ts";

let clock: FakeClock;
let memories: TargetMemories;

beforeEach(() => {
  clock = createFakeClock();
  memories = new TargetMemories();
});

function health(maxFails = 3, failTimeoutMs = 10_000): Health {
  return new Health(memories.open("plugin", ["a", "b"]).memories, { maxFails, failTimeoutMs }, clock);
}

function attempt(of: Health, outcome: "succeed" | "fail" | "release", index = 0): boolean {
  const pass = of.enter(index);
  if (pass === undefined) throw new Error("The target is out.");
  return of[outcome](index, pass) === true;
}

describe("the circuit breaker", () => {
  test("opens with the failure that reaches max_fails, for its own target only", () => {
    const of = health();
    expect([attempt(of, "fail"), attempt(of, "fail"), of.isUp(0), attempt(of, "fail")]).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect([of.isUp(0), of.enter(0), of.isUp(1), of.isAllUp]).toEqual([false, undefined, true, false]);
  });

  test("counts failures in all, not in a row", () => {
    const of = health();
    for (const outcome of ["fail", "succeed", "fail", "succeed", "fail"] as const) attempt(of, outcome);
    expect(of.isUp(0)).toBe(false);
  });

  test("forgets them with a success that comes fail_timeout after the last one, not sooner", () => {
    const of = health();
    attempt(of, "fail");
    attempt(of, "fail");
    clock.advance(9_999);
    attempt(of, "succeed");
    attempt(of, "fail");
    expect(of.isUp(0)).toBe(false);

    const other = health();
    attempt(other, "fail", 1);
    attempt(other, "fail", 1);
    clock.advance(10_000);
    attempt(other, "succeed", 1);
    attempt(other, "fail", 1);
    attempt(other, "fail", 1);
    expect(other.isUp(1)).toBe(true);
  });

  test("time alone forgets nothing", () => {
    const of = health();
    attempt(of, "fail");
    attempt(of, "fail");
    clock.advance(3_600_000);
    expect(attempt(of, "fail")).toBe(true);
  });

  test("lets one request through after fail_timeout; its success closes it and clears the count", () => {
    const of = health();
    for (let fails = 0; fails < 3; fails++) attempt(of, "fail");
    clock.advance(9_999);
    expect(of.enter(0)).toBeUndefined();
    clock.advance(1);
    expect(of.isUp(0)).toBe(true);
    expect([of.enter(0), of.enter(0), of.isUp(0)]).toEqual(["probe", undefined, false]);
    of.succeed(0, "probe");
    expect([of.isAllUp, attempt(of, "fail"), attempt(of, "fail"), attempt(of, "fail")]).toEqual([
      true,
      false,
      false,
      true,
    ]);
  });

  test("opens anew when that request fails", () => {
    const of = health();
    for (let fails = 0; fails < 3; fails++) attempt(of, "fail");
    clock.advance(10_000);
    expect(attempt(of, "fail")).toBe(true);
    expect(of.waitMs([0])).toBe(10_000);
    clock.advance(10_000);
    attempt(of, "succeed");
    expect(of.isAllUp).toBe(true);
  });

  test("lets the next request through when that one's client left", () => {
    const of = health();
    for (let fails = 0; fails < 3; fails++) attempt(of, "fail");
    clock.advance(10_000);
    attempt(of, "release");
    expect(of.enter(0)).toBe("probe");
  });

  test("does not listen to requests that were under way when it opened", () => {
    const of = health(1);
    const passes = [of.enter(0), of.enter(0), of.enter(0)];
    expect(passes).toEqual(["usual", "usual", "usual"]);
    of.fail(0, "usual");
    clock.advance(5_000);
    of.fail(0, "usual");
    of.succeed(0, "usual");
    expect(of.isUp(0)).toBe(false);
    expect(of.waitMs([0])).toBe(5_000);
  });

  test("is off with max_fails 0", () => {
    const of = health(0);
    for (let fails = 0; fails < 100; fails++) attempt(of, "fail");
    expect(of.isAllUp).toBe(true);
  });

  test("outlives a reload, is dropped with max_fails 0, and is forgotten with the plugin", () => {
    const opened = memories.open("plugin", ["a", "b"]);
    const before = new Health(opened.memories, { maxFails: 1, failTimeoutMs: 10_000 }, clock);
    attempt(before, "fail");
    const swapped = memories.open("plugin", ["b", "a", "c"]);
    opened.close();
    opened.close();
    const after = new Health(swapped.memories, { maxFails: 1, failTimeoutMs: 10_000 }, clock);
    expect([after.isUp(0), after.isUp(1), after.isUp(2)]).toEqual([true, false, true]);
    expect(new Health(swapped.memories, { maxFails: 0, failTimeoutMs: 10_000 }, clock).isAllUp).toBe(true);
    swapped.close();
    expect(health(1).isAllUp).toBe(true);
  });
});

describe("a pause that the provider asks for", () => {
  test("takes the target out that long, and the longest of several holds", () => {
    const of = health(0);
    of.pause(0, 5_000);
    of.pause(0, 2_000);
    expect([of.isUp(0), of.isAllUp, of.waitMs([0])]).toEqual([false, false, 5_000]);
    clock.advance(4_999);
    expect(of.isUp(0)).toBe(false);
    clock.advance(1);
    expect([of.isUp(0), of.isAllUp]).toEqual([true, true]);
  });

  test("is a minute at most", () => {
    const of = health(0);
    of.pause(0, 3_600_000);
    expect(of.waitMs([0])).toBe(60_000);
  });
});

test("targets of equal identity are told apart by their order; other plugins have memories of their own", () => {
  const { memories: found } = memories.open("plugin", ["a", "a"]);
  expect(found[0]).not.toBe(found[1]);
  expect(memories.open("plugin", ["a", "a"]).memories).toEqual(found);
  expect(memories.open("plugin", ["a", "a"]).memories[1]).toBe(found[1]);
  expect(memories.open("other", ["a"]).memories[0]).not.toBe(found[0]);
});
