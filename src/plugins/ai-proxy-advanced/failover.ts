import type { AttemptResult } from "../../balancer/balancer.ts";
import type { GwError } from "../../core/errors.ts";
import type { FailoverRules } from "./compile.ts";
import type { AttemptEnd } from "./relay.ts";

/**
 * As nginx's proxy_next_upstream, which Kong follows: a POST that was sent is not sent again unless `non_idempotent` is listed, since the
 * first may have been answered and billed.
 */
export function mayMoveOn({ criteria }: FailoverRules, error: GwError): boolean {
  if (error.details["sent"] === true && !criteria.has("non_idempotent")) return false;
  return criteria.has(criterionOf(error));
}

/** The same for an answer, which was always sent. */
export function mayMoveOnFrom(rules: FailoverRules, status: number): boolean {
  return rules.criteria.has("non_idempotent") && isListed(rules, status);
}

export function isListed({ criteria }: FailoverRules, status: number): boolean {
  return status >= 400 && criteria.has(`http_${status}`);
}

/** Kong's breaker: what is listed counts, whether or not it could be retried; 403 and 404 never do. */
export function countsAgainst(rules: FailoverRules, status: number): boolean {
  return status !== 403 && status !== 404 && isListed(rules, status);
}

/** Whether the target is to blame: these failures always count. False for what gw ended itself. */
export function isTargetFault(error: GwError): boolean {
  return criterionOf(error) !== "";
}

function criterionOf(error: GwError): string {
  switch (error.code) {
    case "GW_UPSTREAM_TIMEOUT":
      return "timeout";
    case "GW_UPSTREAM_INVALID":
      return "invalid_header";
    case "GW_UPSTREAM_ABORTED":
    case "GW_DEADLINE":
    case "GW_BUG":
      return "";
    default:
      return "error";
  }
}

/** Providers charge for what they answered. One that was cut off may have, too. */
export function isBilled({ status, isSent }: AttemptEnd): boolean {
  return isSent && status < 400;
}

/** What an attempt says of its target to balancers that learn: of 4xx only those that no other request would change. */
export function verdictOf({ status, error, isCancelled }: AttemptEnd): AttemptResult["verdict"] {
  if (error !== undefined) return isTargetFault(error) ? "bad" : "neutral";
  if (isCancelled) return "neutral";
  if (status < 400) return "good";
  return status >= 500 || ofTarget.has(status) ? "bad" : "neutral";
}

const ofTarget: ReadonlySet<number> = new Set([401, 403, 404, 429]);
