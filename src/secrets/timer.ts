import type { Clock } from "../core/clock.ts";

/** Node fires longer timers at once. */
const LONGEST_MS = 2 ** 31 - 1;

/** Calls back at `time` (milliseconds since the epoch), however far away that is; never for Infinity. The returned function cancels. */
export function startTimer(clock: Clock, time: number, callback: () => void): () => void {
  if (time === Infinity) return () => {};
  let cancel = (): void => {};
  const wait = (): void => {
    const ms = Math.max(0, Math.ceil(time - clock.now()));
    cancel = clock.after(Math.min(ms, LONGEST_MS), () => (clock.now() < time ? wait() : callback()));
  };
  wait();
  return () => cancel();
}
