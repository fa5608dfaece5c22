/** What Kong's circuit breaker knows of one target (`balancer.max_fails`, `balancer.fail_timeout`). */
export interface BreakerState {
  /** In all, not in a row. */
  fails: number;
  lastFailAt: number;
  /** The target is out until then; 0 while it is in. */
  openUntil: number;
  /** The one request that may show whether it works again is under way. */
  isProbing: boolean;
}

export interface BreakerRules {
  /** 0: no breaker. */
  readonly maxFails: number;
  readonly failTimeoutMs: number;
}

/** How a request was let through; its outcome is told with it. */
export type Pass = "usual" | "probe";

export function closedBreaker(): BreakerState {
  return { fails: 0, lastFailAt: 0, openUntil: 0, isProbing: false };
}

export function isOpen({ openUntil }: BreakerState, { maxFails }: BreakerRules): boolean {
  return openUntil !== 0 && maxFails > 0;
}

/** Whether a request would be let through now. */
export function mayPass(state: BreakerState, rules: BreakerRules, now: number): boolean {
  return !isOpen(state, rules) || (now >= state.openUntil && !state.isProbing);
}

/** undefined when the target is out. */
export function pass(state: BreakerState, rules: BreakerRules, now: number): Pass | undefined {
  if (!isOpen(state, rules)) return "usual";
  if (!mayPass(state, rules, now)) return undefined;
  state.isProbing = true;
  return "probe";
}

/** True when this success brought the target back. A request let through before the breaker opened says nothing of the target now. */
export function onSuccess(state: BreakerState, rules: BreakerRules, how: Pass, now: number): boolean {
  if (how === "probe") Object.assign(state, closedBreaker());
  else if (state.openUntil === 0 && now - state.lastFailAt >= rules.failTimeoutMs) state.fails = 0;
  return how === "probe";
}

/** True when this failure took the target out. */
export function onFailure(state: BreakerState, rules: BreakerRules, how: Pass, now: number): boolean {
  if (rules.maxFails === 0 || (how === "usual" && state.openUntil !== 0)) return false;
  state.fails += 1;
  state.lastFailAt = now;
  if (how === "probe") state.isProbing = false;
  else if (state.fails < rules.maxFails) return false;
  state.openUntil = now + rules.failTimeoutMs;
  return true;
}

/** The request ended without saying anything of the target: the next one may show. */
export function onNothing(state: BreakerState, how: Pass): void {
  if (how === "probe") state.isProbing = false;
}
