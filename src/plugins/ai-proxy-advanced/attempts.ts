import { type GwError, SecretError } from "../../core/errors.ts";
import type { ChatRequest } from "../../llm/chat.ts";
import type { Exchange } from "../plugin.ts";
import { type AttemptPlan, failAttempt, startAttempt } from "./attempt.ts";
import { targetsDown } from "./balancing.ts";
import type { CompiledTarget } from "./compile.ts";
import type { ReadyCredential, TargetCredential } from "./target-credential.ts";
import { Deadline } from "./deadline.ts";
import type { Decision } from "./decide.ts";
import { mayMoveOn } from "./failover.ts";
import type { Relay } from "./relay.ts";
import { attemptsHeader, type Tally } from "./report.ts";

/**
 * Tries the targets of a decision in order until one answers, each once, and settles when the answer is complete. Throws the last
 * UpstreamError or SecretError when none does, and GW_TARGETS_DOWN when all are out. A credential that cannot be had is a failed attempt.
 * An answer that breaks off is thrown too: a stream has then been told, anything else is the caller's to cut. After the first byte to
 * the client there is no further attempt.
 */
export function tryTargets(
  plan: AttemptPlan,
  exchange: Exchange,
  call: ChatRequest,
  decision: Decision,
): Promise<void> {
  // Two steps, because a stream may last for minutes and needs nothing of the call once it has begun.
  if (plan.deadlineMs === undefined)
    return reachTarget(plan, exchange, call, decision, undefined).then((relay) => relay?.end);
  const deadline = new Deadline(plan.deadlineMs, plan.clock, exchange);
  return reachTarget(plan, exchange, call, decision, deadline)
    .then((relay) => relay?.end)
    .finally(() => deadline.stop());
}

/** undefined when the client has gone. */
async function reachTarget(
  plan: AttemptPlan,
  exchange: Exchange,
  call: ChatRequest,
  decision: Decision,
  deadline: Deadline | undefined,
): Promise<Relay | undefined> {
  const { order } = decision;
  const tally: Tally = { tried: [], billed: 0 };
  let relay: Relay | undefined;
  exchange.onCancel(() => relay?.cancel());
  for (let position = 0; position < order.length && tally.tried.length < plan.failover.maxAttempts; position++) {
    const target = plan.targets[order[position] ?? -1];
    if (target === undefined || !plan.health.isUp(target.index)) continue;
    const credentials = peekCredentials(target) ?? (await resolveCredentials(target));
    if (exchange.isOver) return undefined;
    deadline?.check();
    const hasNext = (): boolean => isAnyUp(plan, order, position + 1, tally);
    const attempt = { decision, target, tally, hasNext };
    if (credentials instanceof SecretError) {
      failAttempt(plan, exchange, call, attempt, credentials);
      if (!mayMoveOn(plan.failover, credentials) || !hasNext()) giveUp(exchange, tally, credentials);
      continue;
    }
    const started = startAttempt(plan, exchange, call, attempt, credentials);
    if (started === undefined) continue;
    relay = started;
    deadline?.watch(started);
    const beginning = await started.beginning;
    if (beginning.kind === "begun" || beginning.kind === "gone") return started;
    if (beginning.kind === "failed" && (!mayMoveOn(plan.failover, beginning.error) || !hasNext()))
      giveUp(exchange, tally, beginning.error);
  }
  return refuse(plan, exchange, decision, tally);
}

/** Whether a target from `position` on may be tried. */
function isAnyUp({ failover, health }: AttemptPlan, order: readonly number[], position: number, tally: Tally): boolean {
  return tally.tried.length < failover.maxAttempts && order.some((index, at) => at >= position && health.isUp(index));
}

/** No target is left that may be tried. */
function refuse({ health }: AttemptPlan, exchange: Exchange, { order, down }: Decision, tally: Tally): never {
  const { error, retryAfter } = targetsDown(health, [...order, ...down]);
  exchange.addHeader("Retry-After", String(retryAfter));
  giveUp(exchange, tally, error);
}

function giveUp(exchange: Exchange, tally: Tally, error: GwError): never {
  if (tally.tried.length > 1) exchange.addHeader("X-GW-Attempts", attemptsHeader(tally));
  throw error;
}

/** undefined when they have to be waited for; the error when they cannot be had. */
function peekCredentials({ credentials }: CompiledTarget): readonly ReadyCredential[] | SecretError | undefined {
  try {
    return peekAll(credentials);
  } catch (thrown) {
    return secretErrorOf(thrown);
  }
}

function peekAll(credentials: readonly TargetCredential[]): readonly ReadyCredential[] | undefined {
  const ready: ReadyCredential[] = [];
  for (const credential of credentials) {
    const found = credential.peek();
    if (found === undefined) return undefined;
    ready.push(found);
  }
  return ready;
}

async function resolveCredentials({ credentials }: CompiledTarget): Promise<readonly ReadyCredential[] | SecretError> {
  try {
    return await Promise.all(credentials.map((credential) => credential.resolve()));
  } catch (thrown) {
    return secretErrorOf(thrown);
  }
}

function secretErrorOf(thrown: unknown): SecretError {
  if (thrown instanceof SecretError) return thrown;
  throw thrown;
}
