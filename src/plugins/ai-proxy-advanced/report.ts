import type { Standing } from "../../balancer/scoring.ts";
import { costOf } from "../../llm/cost.ts";
import type { Usage } from "../../llm/usage.ts";
import type { Exchange } from "../plugin.ts";
import type { CompiledTarget } from "./compile.ts";
import type { Decision } from "./decide.ts";

/** The attempts of one exchange. */
export interface Tally {
  /** Indexes of targets, in order; the last one is under way. */
  readonly tried: number[];
  /** How many of them a provider may have charged for; the one under way counts. */
  billed: number;
}

/** What is said about one attempt: in the answer's headers and in the log. */
export interface AttemptFacts {
  readonly decision: Decision;
  readonly target: CompiledTarget;
  /** What was asked of the provider: the configured model, or the client's. */
  readonly model: string;
  readonly tally: Tally;
  readonly warnings: readonly string[];
}

/** The head that the client gets: the provider's, with gw's own headers and without the provider's cookies. */
export function answerHeaders(
  facts: AttemptFacts,
  status: number,
  headers: readonly string[],
  hasModelHeader: boolean,
): string[] {
  const answer: string[] = [];
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index] ?? "";
    if (name.length !== 10 || name.toLowerCase() !== "set-cookie") answer.push(name, headers[index + 1] ?? "");
  }
  if (hasModelHeader && status === 200)
    answer.push("X-Kong-LLM-Model", `${facts.target.target.provider}/${toHeaderText(facts.model)}`);
  if (facts.tally.tried.length > 1) answer.push("X-GW-Attempts", attemptsHeader(facts.tally));
  if (facts.warnings.length > 0) answer.push("X-GW-Warnings", toHeaderText(facts.warnings.join(", ")));
  return answer;
}

/** `2`, or `3;billed=2` when more than one attempt may have been charged. */
export function attemptsHeader({ tried, billed }: Tally): string {
  return billed > 1 ? `${tried.length};billed=${billed}` : String(tried.length);
}

/** A client may name any model, and not every character may stand in a header. */
function toHeaderText(text: string): string {
  return isHeaderText.test(text) ? text : encodeURI(text.toWellFormed());
}

const isHeaderText = /^[\x20-\x7e]*$/;

/** The line under `ai` in the access log. */
export function logAttempt(exchange: Exchange, { decision, target, model, tally, warnings }: AttemptFacts): void {
  exchange.ai = {
    provider: target.target.provider,
    model,
    target: target.index,
    reason: decision.reason,
    distance: decision.distances?.[target.index],
    ...scoreFields(decision.standings?.[target.index]),
    vector_store: decision.answeredBy,
    attempts: tally.tried.length,
    billed_attempts: tally.billed,
    tried_targets: tally.tried.length > 1 ? tally.tried.slice() : undefined,
    warnings: warnings.length === 0 ? undefined : warnings,
  };
}

/** When it is known whether the last attempt was charged. */
export function logBilled(exchange: Exchange, { billed }: Tally): void {
  if (exchange.ai !== undefined && exchange.ai["billed_attempts"] !== billed) exchange.ai["billed_attempts"] = billed;
}

/** Kong's statistics (`log_statistics`); `ms` is what the answer took. */
export function logUsage(exchange: Exchange, { target }: CompiledTarget, usage: Usage | undefined, ms: number): void {
  if (usage === undefined) return;
  const { completion_tokens: completion } = usage;
  const statistics = {
    ...usage,
    cost: costOf(usage, target.options),
    time_per_token: completion === 0 ? 0 : rounded(ms / completion),
  };
  exchange.ai = { ...exchange.ai, llm_latency: rounded(ms), usage: statistics };
}

function rounded(ms: number): number {
  return Math.round(ms * 10) / 10;
}

/** Under a scoring rule: the score, what was needed, and what it is the sum of. */
function scoreFields(standing: Standing | undefined): object {
  if (standing === undefined) return {};
  const { score, least, parts } = standing;
  return { score, score_needed: least, score_parts: Object.fromEntries(parts.map(({ name, value }) => [name, value])) };
}

/** X-GW-Route: `nearest; target=1; distance=0.6112; threshold=0.8`, under a scoring rule with `; score=0.31`. */
export function routeHeader({ order, reason, distances, standings, candidates }: Decision): string {
  const [chosen] = order;
  const distance = chosen === undefined ? undefined : distances?.[chosen];
  const threshold = candidates.find((target) => target.index === chosen)?.threshold;
  const near = distance === undefined ? "" : `; distance=${distance.toFixed(4)}; threshold=${threshold}`;
  const score = standings?.[chosen ?? -1]?.score;
  return `${reason}; target=${chosen}${near}${score === undefined ? "" : `; score=${score.toFixed(4)}`}`;
}
