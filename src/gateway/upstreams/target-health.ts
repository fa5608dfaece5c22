import type { Upstream } from "../../config/types.ts";

type Checks = Upstream["healthchecks"];
type Rules = Checks["active"] | Checks["passive"];

/** What a request or a check has shown of a target: a status, or why there is none. */
export type Sign = number | "no-connection" | "timeout";

/** What is known of a target from checks and requests together, as in Kong. */
export interface TargetHealth {
  isHealthy: boolean;
  /** Milliseconds since the epoch; when it was found unhealthy. */
  since: number;
  successes: number;
  httpFailures: number;
  tcpFailures: number;
  timeouts: number;
}

export function newTargetHealth(): TargetHealth {
  return { isHealthy: true, since: 0, successes: 0, httpFailures: 0, tcpFailures: 0, timeouts: 0 };
}

/** Counts a sign as lua-resty-healthcheck does: a limit of 0 is never reached. True when the target's state has changed by it. */
export function noteSign(health: TargetHealth, sign: Sign, rules: Rules, now: number): boolean {
  const { healthy, unhealthy } = rules;
  if (sign === "timeout") return fail(health, now, ++health.timeouts, unhealthy.timeouts);
  if (sign === "no-connection") return fail(health, now, ++health.tcpFailures, unhealthy.tcp_failures);
  // Who looks at connections only does not judge answers.
  if (rules.type === "tcp") return false;
  if (unhealthy.http_statuses.includes(sign)) return fail(health, now, ++health.httpFailures, unhealthy.http_failures);
  return healthy.http_statuses.includes(sign) && noteSuccess(health, healthy.successes);
}

/** A connection that a check by TCP asked for, or a status that counts as healthy. */
export function noteSuccess(health: TargetHealth, limit: number): boolean {
  Object.assign(health, { httpFailures: 0, tcpFailures: 0, timeouts: 0 });
  health.successes += 1;
  if (health.isHealthy || limit === 0 || health.successes < limit) return false;
  health.isHealthy = true;
  return true;
}

function fail(health: TargetHealth, now: number, count: number, limit: number): boolean {
  health.successes = 0;
  if (!health.isHealthy || limit === 0 || count < limit) return false;
  health.isHealthy = false;
  health.since = now;
  return true;
}

/** Whether anything can take a target out. */
export function hasLimits({ unhealthy }: Rules): boolean {
  return unhealthy.http_failures > 0 || unhealthy.tcp_failures > 0 || unhealthy.timeouts > 0;
}

/** Whether checks find out that a target is well again. */
export function canRecover({ active }: Checks): boolean {
  return active.unhealthy.interval > 0 && active.healthy.successes > 0;
}
