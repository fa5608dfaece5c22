/** The first pause, in milliseconds; each further one is twice as long. */
const FIRST_MS = 1_000;
/** Kong's rotation interval, in milliseconds: a vault that has come back is noticed within a minute. */
const LONGEST_MS = 60_000;

/** The pause after the given number of failures (1, 2, …), in milliseconds. `random` (0…1) spreads the tries of many secrets. */
export function retryDelayMs(failures: number, random: number): number {
  const longest = Math.min(LONGEST_MS, FIRST_MS * 2 ** Math.min(failures - 1, 30));
  return longest * (0.5 + random / 2);
}
