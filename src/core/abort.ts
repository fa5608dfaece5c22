/**
 * Runs `work` with a signal that aborts when `parent` does or after `ms` milliseconds, and rejects then even if `work` ignores the
 * signal. The rejection is the signal's reason: a `TimeoutError` DOMException after the deadline.
 */
export async function withDeadline<T>(
  ms: number,
  parent: AbortSignal | undefined,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const deadline = AbortSignal.timeout(ms);
  const signal = parent === undefined ? deadline : AbortSignal.any([parent, deadline]);
  return await untilAborted(signal, work);
}

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
