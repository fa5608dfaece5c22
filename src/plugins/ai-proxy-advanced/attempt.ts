import type { UpstreamError } from "../../core/errors.ts";
import type { ChatRequest } from "../../llm/chat.ts";
import { createUsageReader } from "../../llm/usage.ts";
import { publish } from "../../observability/events.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { Exchange } from "../plugin.ts";
import type { CompiledConfig, CompiledTarget, FailoverRules } from "./compile.ts";
import type { ReadyCredential } from "./credentials.ts";
import type { Decision } from "./decide.ts";
import { Relay } from "./relay.ts";
import { type AttemptFacts, answerHeaders, logAttempt, logUsage } from "./report.ts";
import { buildRequest } from "./request.ts";

export interface AttemptPlan extends CompiledConfig {
  readonly upstream: Upstream;
  /** `model_name_header`. */
  readonly hasModelHeader: boolean;
}

/** One try at one target. */
interface Attempt {
  readonly decision: Decision;
  readonly target: CompiledTarget;
  /** Counts from 1. */
  readonly number: number;
  readonly isLast: boolean;
}

/** Sends the call to the target. Throws RequestError, with nothing sent, when it cannot be expressed for it. */
export function startAttempt(
  plan: AttemptPlan,
  exchange: Exchange,
  call: ChatRequest,
  { decision, target, number, isLast }: Attempt,
  credentials: readonly ReadyCredential[],
): Relay {
  const { request, warnings } = buildRequest(target, call, exchange.request, credentials, exchange.id);
  const facts: AttemptFacts = {
    decision,
    target,
    model: target.target.model ?? call.model ?? "",
    attempt: number,
    warnings: warnings.length === 0 ? decision.warnings : [...decision.warnings, ...warnings],
  };
  logAttempt(exchange, facts);
  const relay = openRelay(plan, exchange, facts, { isLast, isStream: call.isStream });
  exchange.markAttempt();
  plan.upstream.send(request, plan.timeouts, relay);
  return relay;
}

/** Holds on to nothing of the call: the relay may live long. */
function openRelay(
  plan: AttemptPlan,
  exchange: Exchange,
  facts: AttemptFacts,
  { isLast, isStream }: { readonly isLast: boolean; readonly isStream: boolean },
): Relay {
  const startedAt = performance.now();
  const usage = facts.target.logStatistics ? createUsageReader(isStream) : undefined;
  return new Relay(exchange, {
    isRefusal: (status) => !isLast && isListed(plan.failover, status),
    toHead: (status, headers) => answerHeaders(facts, status, headers, plan.hasModelHeader),
    onEnd(status, error) {
      logUsage(exchange, usage?.end());
      publishAttempt(exchange, facts, performance.now() - startedAt, status, error);
    },
    usage,
  });
}

function isListed({ criteria }: FailoverRules, status: number): boolean {
  return status >= 400 && criteria.has("non_idempotent") && criteria.has(`http_${status}`);
}

function publishAttempt(
  { id: exchangeId }: Exchange,
  {
    target: {
      index: target,
      target: { provider },
    },
    model,
  }: AttemptFacts,
  ms: number,
  status: number,
  error: UpstreamError | undefined,
): void {
  if (error !== undefined) publish("attempt-end", { exchangeId, provider, model, target, errorCode: error.code, ms });
  else if (status === 0) publish("attempt-end", { exchangeId, provider, model, target, ms });
  else publish("attempt-end", { exchangeId, provider, model, target, status, ms });
}
