import type { UpstreamError } from "../../core/errors.ts";
import type { ChatRequest } from "../../llm/chat.ts";
import type { Exchange } from "../plugin.ts";
import { type AttemptPlan, startAttempt } from "./attempt.ts";
import type { CompiledTarget, FailoverRules } from "./compile.ts";
import type { ReadyCredential } from "./credentials.ts";
import type { Decision } from "./decide.ts";
import type { Relay } from "./relay.ts";

/**
 * Tries the targets of a decision in order until one answers, and settles when the answer is complete. Throws the last UpstreamError when
 * none does, and SecretError when a credential cannot be had: nothing is sent then. An answer that breaks off is thrown too: a stream has
 * then been told, anything else is the caller's to cut. After the first byte to the client there is no further attempt.
 */
export function tryTargets(
  plan: AttemptPlan,
  exchange: Exchange,
  call: ChatRequest,
  decision: Decision,
): Promise<void> {
  // Two steps, because a stream may last for minutes and needs nothing of the call once it has begun.
  return reachTarget(plan, exchange, call, decision).then((relay) => relay?.end);
}

/** undefined when the client has gone. */
async function reachTarget(
  plan: AttemptPlan,
  exchange: Exchange,
  call: ChatRequest,
  decision: Decision,
): Promise<Relay | undefined> {
  const last = Math.min(decision.order.length, plan.failover.maxAttempts);
  let relay: Relay | undefined;
  exchange.onCancel(() => relay?.cancel());
  for (let number = 1; number <= last; number++) {
    const target = plan.targets[decision.order[number - 1] ?? -1];
    if (target === undefined) return undefined;
    const credentials = peekCredentials(target) ?? (await resolveCredentials(target));
    if (exchange.isOver) return undefined;
    relay = startAttempt(plan, exchange, call, { decision, target, number, isLast: number === last }, credentials);
    const beginning = await relay.beginning;
    if (beginning.kind === "begun" || beginning.kind === "gone") return relay;
    if (beginning.kind === "failed" && (number === last || !mayMoveOn(plan.failover, beginning.error))) {
      if (number > 1) exchange.addHeader("X-GW-Attempts", String(number));
      throw beginning.error;
    }
  }
  return undefined;
}

function peekCredentials({ credentials }: CompiledTarget): readonly ReadyCredential[] | undefined {
  const ready: ReadyCredential[] = [];
  for (const credential of credentials) {
    const found = credential.peek();
    if (found === undefined) return undefined;
    ready.push(found);
  }
  return ready;
}

async function resolveCredentials({ credentials }: CompiledTarget): Promise<readonly ReadyCredential[]> {
  return await Promise.all(credentials.map((credential) => credential.resolve()));
}

/**
 * As nginx's proxy_next_upstream, which Kong follows: a POST that was sent is not sent again unless `non_idempotent` is listed, since the
 * first may have been answered and billed.
 */
function mayMoveOn({ criteria }: FailoverRules, error: UpstreamError): boolean {
  if (error.details["sent"] === true && !criteria.has("non_idempotent")) return false;
  return criteria.has(criterionOf(error));
}

function criterionOf(error: UpstreamError): string {
  switch (error.code) {
    case "GW_UPSTREAM_TIMEOUT":
      return "timeout";
    case "GW_UPSTREAM_INVALID":
      return "invalid_header";
    case "GW_UPSTREAM_ABORTED":
    case "GW_BUG":
      return "";
    default:
      return "error";
  }
}
