import type { Clock } from "../../src/core/clock.ts";

export interface FakeClock extends Clock {
  /** Moves time on and calls what is due, in order. */
  advance(ms: number): void;
  /** Delays of the timers that wait, shortest first. */
  readonly waiting: readonly number[];
}

/** Time that stands still until a test moves it. */
export function createFakeClock(startAt = 1_700_000_000_000): FakeClock {
  let now = startAt;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  return {
    now: () => now,
    after(ms, callback) {
      const timer = { at: now + ms, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    advance(ms) {
      now += ms;
      const due = [...timers].filter((timer) => timer.at <= now).sort((a, b) => a.at - b.at);
      for (const timer of due) {
        timers.delete(timer);
        timer.callback();
      }
    },
    get waiting() {
      return [...timers].map((timer) => timer.at - now).sort((a, b) => a - b);
    },
  };
}
