import type { UpstreamError } from "../../core/errors.ts";
import type { ChatRequest } from "../../llm/chat.ts";
import { createUsageReader } from "../../llm/usage.ts";
import { publish } from "../../observability/events.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { Exchange } from "../plugin.ts";
import type { CompiledConfig, CompiledTarget, FailoverRules } from "./compile.ts";
import type { ReadyCredential } from "./credentials.ts";
import type { Decision } from "./decide.ts";
import { type Outcome, Relay } from "./relay.ts";
import { type AttemptFacts, answerHeaders, logAttempt, logUsage } from "./report.ts";
import { buildRequest } from "./request.ts";

export interface AttemptPlan extends CompiledConfig {
  readonly upstream: Upstream;
  /** `model_name_header`. */
  readonly hasModelHeader: boolean;
}

/**
 * Tries the targets of a decision in order until one answers. Throws the last UpstreamError when none does, and SecretError when a
 * credential cannot be had: nothing is sent then. An answer that breaks off is thrown too: a stream has then been told, anything else is
 * the caller's to cut. After the first byte to the client there is no further attempt.
 */
export async function tryTargets(
  plan: AttemptPlan,
  exchange: Exchange,
  call: ChatRequest,
  decision: Decision,
): Promise<void> {
  const last = Math.min(decision.order.length, plan.failover.maxAttempts);
  let relay: Relay | undefined;
  exchange.onCancel(() => relay?.cancel());
  for (let attempt = 1; attempt <= last; attempt++) {
    const target = plan.targets[decision.order[attempt - 1] ?? -1];
    if (target === undefined) return;
    const credentials = peekCredentials(target) ?? (await resolveCredentials(target));
    if (exchange.isOver) return;
    const outcome = await new Promise<Outcome>((resolve) => {
      const send = prepareAttempt(
        plan,
        exchange,
        call,
        { decision, target, attempt, isLast: attempt === last },
        credentials,
      );
      relay = send(resolve);
    });
    if (outcome.kind === "answered") return;
    if (outcome.kind === "broken") throw outcome.error;
    if (outcome.kind === "failed" && (attempt === last || !mayMoveOn(plan.failover, outcome.error))) {
      if (attempt > 1) exchange.addHeader("X-GW-Attempts", String(attempt));
      throw outcome.error;
    }
  }
}

interface Attempt {
  readonly decision: Decision;
  readonly target: CompiledTarget;
  readonly attempt: number;
  readonly isLast: boolean;
}

/** Throws RequestError when the call cannot be expressed for the target; the result sends it. */
function prepareAttempt(
  plan: AttemptPlan,
  exchange: Exchange,
  call: ChatRequest,
  attempt: Attempt,
  credentials: readonly ReadyCredential[],
) {
  const { decision, target } = attempt;
  const { request, warnings } = buildRequest(target, call, exchange.request, credentials, exchange.id);
  const facts: AttemptFacts = {
    decision,
    target,
    model: target.target.model ?? call.model ?? "",
    attempt: attempt.attempt,
    warnings: warnings.length === 0 ? decision.warnings : [...decision.warnings, ...warnings],
  };
  logAttempt(exchange, facts);
  return (settle: (outcome: Outcome) => void): Relay => {
    const startedAt = performance.now();
    const usage = target.logStatistics ? createUsageReader(call.isStream) : undefined;
    const relay = new Relay(
      exchange,
      {
        isRefusal: (status) => !attempt.isLast && isListed(plan.failover, status),
        toHead: (status, headers) => answerHeaders(facts, status, headers, plan.hasModelHeader),
        onEnd: () => logUsage(exchange, usage?.end()),
        usage,
      },
      (outcome) => {
        publishAttempt(exchange, facts, outcome, performance.now() - startedAt);
        settle(outcome);
      },
    );
    exchange.markAttempt();
    plan.upstream.send(request, plan.timeouts, relay);
    return relay;
  };
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

function isListed({ criteria }: FailoverRules, status: number): boolean {
  return status >= 400 && criteria.has("non_idempotent") && criteria.has(`http_${status}`);
}

function publishAttempt(exchange: Exchange, { target, model }: AttemptFacts, outcome: Outcome, ms: number): void {
  const { index, target: provided } = target;
  const { id: exchangeId } = exchange;
  const { provider } = provided;
  if ("error" in outcome) {
    publish("attempt-end", { exchangeId, provider, model, target: index, errorCode: outcome.error.code, ms });
  } else publish("attempt-end", { exchangeId, provider, model, target: index, status: outcome.status, ms });
}
