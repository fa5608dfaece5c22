import type { Balancer } from "../../balancer/balancer.ts";
import type { Pass } from "../../balancer/breaker.ts";
import type { Health } from "../../balancer/health.ts";
import type { Clock } from "../../core/clock.ts";
import type { Notify } from "../../core/notice.ts";
import type { Usage, UsageReader } from "../../llm/usage.ts";
import { publish } from "../../observability/events.ts";
import type { Exchange } from "../plugin.ts";
import type { CompiledTarget, FailoverRules } from "./compile.ts";
import { countsAgainst, isBilled, isListed, isTargetFault, verdictOf } from "./failover.ts";
import type { AttemptEnd } from "./relay.ts";
import { type AttemptFacts, logBilled, logUsage } from "./report.ts";
import { retryAfterMs } from "./retry-after.ts";

/** Who learns of attempts. */
export interface RecordPlan {
  readonly failover: FailoverRules;
  readonly balancer: Balancer;
  readonly health: Health;
  readonly clock: Clock;
  readonly notify: Notify;
}

/** Tells of one attempt: to the target's health (once, as soon as it is known), to the balancer, the log and the metrics. */
export class AttemptRecord {
  readonly usage: UsageReader | undefined;
  readonly #plan: RecordPlan;
  readonly #exchange: Exchange;
  readonly #facts: AttemptFacts;
  readonly #promptTokens: number;
  readonly #startedAt = performance.now();
  /** undefined when the target's health has been told. */
  #pass: Pass | undefined;

  constructor(
    plan: RecordPlan,
    exchange: Exchange,
    facts: AttemptFacts,
    {
      pass,
      usage,
      promptTokens,
    }: Pick<AttemptRecord, "usage"> & { readonly pass: Pass; readonly promptTokens: number },
  ) {
    this.#plan = plan;
    this.#exchange = exchange;
    this.#facts = facts;
    this.#pass = pass;
    this.usage = usage;
    this.#promptTokens = promptTokens;
    plan.balancer.observe?.({ kind: "start", index: facts.target.index, now: plan.clock.now() });
  }

  onHead(status: number, headers: readonly string[]): void {
    const { failover, health, clock } = this.#plan;
    if (status < 400) return;
    if (isListed(failover, status)) health.pause(this.#facts.target.index, retryAfterMs(headers, clock.now()));
    if (countsAgainst(failover, status)) this.#fail();
  }

  /** The answer is the client's: nothing speaks against the target. */
  onBegin(): void {
    const pass = this.#takePass();
    if (pass !== undefined && this.#plan.health.succeed(this.#facts.target.index, pass))
      this.#notice("is back", "target-back");
  }

  onEnd(end: AttemptEnd): void {
    if (end.error !== undefined && isTargetFault(end.error)) this.#fail();
    else this.#release();
    const { tally, target } = this.#facts;
    const isCharged = isBilled(end);
    if (!isCharged) tally.billed -= 1;
    logBilled(this.#exchange, tally);
    const ms = performance.now() - this.#startedAt;
    const usage = this.usage?.end();
    if (target.logStatistics) logUsage(this.#exchange, target, usage, ms);
    this.#plan.balancer.observe?.({
      kind: "end",
      index: target.index,
      now: this.#plan.clock.now(),
      result: { verdict: verdictOf(end), ms, usage: usage ?? this.#estimate() },
    });
    publishAttempt(this.#exchange, this.#facts, ms, end, isCharged);
  }

  /** For streams whose provider does not count: an event is about a token. */
  #estimate(): Usage | undefined {
    const completion = this.usage?.events ?? 0;
    if (completion === 0) return undefined;
    const prompt = this.#promptTokens;
    return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
  }

  #fail(): void {
    const pass = this.#takePass();
    if (pass !== undefined && this.#plan.health.fail(this.#facts.target.index, pass))
      this.#notice("failed too often and is left out for a while", "target-out");
  }

  #release(): void {
    const pass = this.#takePass();
    if (pass !== undefined) this.#plan.health.release(this.#facts.target.index, pass);
  }

  #takePass(): Pass | undefined {
    const pass = this.#pass;
    this.#pass = undefined;
    return pass;
  }

  #notice(what: string, code: string): void {
    const { target, model } = this.#facts;
    this.#plan.notify({ code, message: `targets[${target.index}] (${nameOf(target)}/${model}) ${what}.` });
  }
}

function nameOf({ target }: CompiledTarget): string {
  return target.provider;
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
  { status, error }: AttemptEnd,
  isCharged: boolean,
): void {
  publish("attempt-end", {
    exchangeId,
    provider,
    model,
    target,
    ms,
    isBilled: isCharged,
    ...(error === undefined ? {} : { errorCode: error.code }),
    ...(error !== undefined || status === 0 ? {} : { status }),
  });
}
