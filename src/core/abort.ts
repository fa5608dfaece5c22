import { setMaxListeners } from "node:events";

/**
 * Runs `work` with a signal that aborts when `parent` does or after `ms` milliseconds, and rejects then even if `work` ignores the
 * signal. The rejection is the signal's reason: a `TimeoutError` DOMException after the deadline.
 */
export async function withDeadline<T>(
  ms: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  // By hand: AbortSignal.any and AbortSignal.timeout cost ten times as much, which a request notices.
  const controller = new AbortController();
  const onAbort = (): void => controller.abort(parent?.reason);
  if (parent?.aborted === true) onAbort();
  // A thousand secrets may be waited for under one signal: Node takes more than ten listeners for a leak, and says so on stderr.
  if (parent !== undefined) setMaxListeners(0, parent);
  parent?.addEventListener("abort", onAbort, { once: true });
  const timer = setTimeout(() => controller.abort(new DOMException(TIMED_OUT, "TimeoutError")), ms);
  timer.unref();
  try {
    return await untilAborted(controller.signal, work);
  } finally {
    clearTimeout(timer);
    parent?.removeEventListener("abort", onAbort);
  }
}

/** As AbortSignal.timeout says it. */
const TIMED_OUT = "The operation was aborted due to timeout";

/** Runs `work` and rejects with the signal's reason as soon as it aborts, even if `work` ignores the signal. */
export async function untilAborted<T>(signal: AbortSignal, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  signal.throwIfAborted();
  return await new Promise<T>((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    work(signal)
      .then(resolve, reject)
      .finally(() => signal.removeEventListener("abort", onAbort));
  });
}
