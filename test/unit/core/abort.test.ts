import { getEventListeners } from "node:events";
import { setImmediate } from "node:timers/promises";
import { expect, it } from "vitest";
import { withDeadline } from "../../../src/core/abort.ts";

const never = async (): Promise<never> => await new Promise(() => {});

it("gives what the work gives, and leaves nothing behind", async () => {
  const parent = new AbortController();
  const seen: AbortSignal[] = [];
  const work = async (signal: AbortSignal): Promise<string> => {
    seen.push(signal);
    return await Promise.resolve("done");
  };
  expect(await withDeadline(60_000, parent.signal, work)).toBe("done");
  await expect(withDeadline(60_000, parent.signal, async () => await Promise.reject(new Error("no")))).rejects.toThrow(
    "no",
  );
  expect(getEventListeners(parent.signal, "abort")).toEqual([]);
  expect(seen.map(({ aborted }) => aborted)).toEqual([false]);
});

it("ends with a TimeoutError, and so does the work's signal", async () => {
  let reason: unknown;
  const work = async (signal: AbortSignal): Promise<never> => {
    signal.addEventListener("abort", () => {
      reason = signal.reason;
    });
    return await never();
  };
  const failed = withDeadline(1, undefined, work);
  await expect(failed).rejects.toMatchObject({ name: "TimeoutError" });
  expect(reason).toBeInstanceOf(DOMException);
});

it("ends with the parent's reason, before or during the work", async () => {
  const reason = new Error("gone");
  await expect(withDeadline(60_000, AbortSignal.abort(reason), never)).rejects.toBe(reason);
  const parent = new AbortController();
  const waiting = withDeadline(60_000, parent.signal, never);
  parent.abort(reason);
  await expect(waiting).rejects.toBe(reason);
});

it("lets many wait under one signal without a warning of Node's", async () => {
  const warnings: Error[] = [];
  const onWarning = (warning: Error): void => void warnings.push(warning);
  process.on("warning", onWarning);
  const { signal } = new AbortController();
  await Promise.all(
    Array.from({ length: 50 }, async () => await withDeadline(1_000, signal, async () => await setImmediate())),
  );
  process.off("warning", onWarning);
  expect(warnings).toEqual([]);
});
