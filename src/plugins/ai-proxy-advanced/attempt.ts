import type { Pass } from "../../balancer/breaker.ts";
import type { SecretError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import type { ChatRequest } from "../../llm/chat.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { Exchange } from "../plugin.ts";
import { AttemptRecord, type RecordPlan } from "./attempt-record.ts";
import type { CompiledConfig, CompiledTarget } from "./compile.ts";
import type { ReadyCredential } from "./target-credential.ts";
import type { Decision } from "./decide.ts";
import { type KeyGuardOptions, sendGuarded } from "./key-guard.ts";
import { mayMoveOnFrom } from "./failover.ts";
import { Relay } from "./relay.ts";
import { type AttemptFacts, answerHeaders, logAttempt, type Tally } from "./report.ts";
import { buildRequest } from "./request.ts";
import { TranslatedUsage } from "../../llm/translated-usage.ts";
import { Translation, type TranslationOptions } from "./translation.ts";

export interface AttemptPlan extends CompiledConfig, RecordPlan {
  readonly upstream: Upstream;
  /** `model_name_header`. */
  readonly hasModelHeader: boolean;
}

/** One try at one target. */
interface Attempt {
  readonly decision: Decision;
  readonly target: CompiledTarget;
  /** Of the exchange; this attempt is added to it. */
  readonly tally: Tally;
  /** Whether there is another target to try, as things stand when it is asked. */
  readonly hasNext: () => boolean;
}

/** After the first byte a stream may be silent for so long; providers that think longer send a sign of life. */
const STALL_MS = 60_000;

/**
 * Sends the call to the target; undefined when that has gone out meanwhile. Throws RequestError, with nothing sent, when the call cannot
 * be expressed for it.
 */
export function startAttempt(
  plan: AttemptPlan,
  exchange: Exchange,
  call: ChatRequest,
  attempt: Attempt,
  credentials: readonly ReadyCredential[],
): Relay | undefined {
  const { target, hasNext } = attempt;
  const needsUsage = target.logStatistics || plan.balancer.needsUsage;
  const { translation } = target.way;
  const isRead = call.isStream || needsUsage || translation !== undefined;
  const options = { requestId: exchange.id, isRead };
  const build = (used: readonly ReadyCredential[]) => buildRequest(target, call, exchange.request, used, options);
  const { request, warnings } = build(credentials);
  const entered = enter(plan, exchange, call, attempt, warnings);
  if (entered === undefined) return undefined;
  const { facts, pass } = entered;
  const count = translation === undefined ? undefined : new TranslatedUsage();
  const usage = count ?? (needsUsage ? target.way.createUsageReader(call.isStream) : undefined);
  const record = new AttemptRecord(plan, exchange, facts, { pass, usage, promptTokens: estimateTokens(call) });
  const relay = openRelay(plan, exchange, record, { facts, isStream: call.isStream, hasNext });
  exchange.markAttempt();
  const timeouts = call.isStream ? plan.streamTimeouts : plan.timeouts;
  const guarded: KeyGuardOptions = {
    credentials: target.credentials,
    used: credentials,
    send: (used, handler) =>
      plan.upstream.send(used === credentials ? request : build(used).request, timeouts, handler),
    onRenewal() {
      exchange.ai = { ...exchange.ai, key_renewed: true };
      exchange.markAttempt();
    },
  };
  const handler =
    translation === undefined || count === undefined
      ? relay
      : new Translation({ ...translation, ...translationOf(plan, exchange, call, facts), count }, relay);
  sendGuarded(guarded, handler);
  return relay;
}

/** Counts as an attempt, though nothing is sent: the target's key cannot be had. */
export function failAttempt(
  plan: AttemptPlan,
  exchange: Exchange,
  call: ChatRequest,
  attempt: Attempt,
  error: SecretError,
): void {
  const entered = enter(plan, exchange, call, attempt, []);
  if (entered === undefined) return;
  const { facts, pass } = entered;
  const record = new AttemptRecord(plan, exchange, facts, { pass, usage: undefined, promptTokens: 0 });
  record.onEnd({ status: 0, error, isSent: false, isCancelled: false });
}

/** undefined when the target has gone out meanwhile. */
function enter(
  { health }: AttemptPlan,
  exchange: Exchange,
  { model }: ChatRequest,
  { decision, target, tally }: Attempt,
  warnings: readonly string[],
): { readonly facts: AttemptFacts; readonly pass: Pass } | undefined {
  const pass = health.enter(target.index);
  if (pass === undefined) return undefined;
  tally.tried.push(target.index);
  tally.billed += 1;
  const facts: AttemptFacts = {
    decision,
    target,
    model: target.targetFor(exchange.request).model ?? model ?? "",
    tally,
    warnings: warnings.length === 0 ? decision.warnings : [...decision.warnings, ...warnings],
  };
  logAttempt(exchange, facts);
  return { facts, pass };
}

function translationOf(
  { clock }: AttemptPlan,
  { id }: Exchange,
  { isStream, body }: ChatRequest,
  { model, target }: AttemptFacts,
): Pick<TranslationOptions, "identity" | "isStream" | "includesUsage"> {
  const streamOptions = body["stream_options"];
  return {
    identity: { id: `${target.way.translation?.writer.idPrefix}${id}`, model, created: Math.floor(clock.now() / 1000) },
    isStream,
    includesUsage: isJsonObject(streamOptions) && streamOptions["include_usage"] === true,
  };
}

/** Holds on to nothing of the call: the relay may live long. */
function openRelay(
  plan: AttemptPlan,
  exchange: Exchange,
  record: AttemptRecord,
  { facts, isStream, hasNext }: Pick<Attempt, "hasNext"> & { readonly facts: AttemptFacts; readonly isStream: boolean },
): Relay {
  const { failover, clock, streamTimeouts, hasModelHeader, front } = plan;
  return new Relay(exchange, {
    judge(status, headers) {
      record.onHead(status, headers);
      if (!failover.criteria.has("non_idempotent") || !hasNext()) return "pass";
      return mayMoveOnFrom(failover, status) ? "refuse" : "hold";
    },
    toHead(status, headers) {
      record.onBegin();
      return answerHeaders(facts, status, headers, hasModelHeader);
    },
    onEnd: (end) => record.onEnd(end),
    usage: record.usage,
    errorEvent: front.errorEvent,
    stall: isStream ? { clock, firstMs: streamTimeouts.headMs, laterMs: STALL_MS } : undefined,
  });
}

/** Four bytes a token: for balancers that go by usage, where the provider does not count. */
function estimateTokens(call: ChatRequest): number {
  return Math.ceil((call.native ?? call).bytes.length / 4);
}
