const FIRST_MS = 50;
const LONGEST_MS = 2_000;

/**
 * How long to leave a server alone after `failures` failed connections in a row (1 or more), in milliseconds: doubled each time up to
 * 2 s, of which a random part of at most half is taken off, so that gateways do not return all at once. `random` is in 0…1.
 */
export function reconnectDelayMs(failures: number, random: number): number {
  const full = Math.min(FIRST_MS * 2 ** (failures - 1), LONGEST_MS);
  return full * (1 - random / 2);
}
