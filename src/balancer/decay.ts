/** Kong's time constant (kong/runloop/balancer/latency.lua): after so many milliseconds 37 % of a measurement is left. */
const TIME_CONSTANT_MS = 10_000;

/** What is left of 1 after `ms`; 1 when the clock went backwards. */
export function decay(ms: number): number {
  return ms <= 0 ? 1 : Math.exp(-ms / TIME_CONSTANT_MS);
}
