import { noTargetError } from "../../balancer/algorithms/semantic.ts";
import type { Balancer, Distances } from "../../balancer/balancer.ts";
import type { Standings } from "../../balancer/scoring.ts";
import type { Health } from "../../balancer/health.ts";
import type { Match } from "../../balancer/semantic-index.ts";
import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import type { Clock } from "../../core/clock.ts";
import { GwError, RequestError, toError } from "../../core/errors.ts";
import type { Notify } from "../../core/notice.ts";
import { type ConversationText, conversationText, type TextOptions } from "../../embeddings/text.ts";
import type { ChatRequest } from "../../llm/chat.ts";
import { type Compared, compareText, type Indexes, peekMatch } from "./compare.ts";
import type { ExchangeRequest } from "../plugin.ts";
import type { CompiledTarget } from "./compile.ts";

/** What deciding needs of a plugin instance. */
export interface DecisionPlan {
  readonly targets: readonly CompiledTarget[];
  readonly balancer: Balancer;
  readonly health: Health;
  readonly clock: Clock;
  /** undefined when nothing is compared: another algorithm than semantic, or no target with a description. */
  readonly indexes: Indexes | undefined;
  readonly text: TextOptions;
  readonly rules: Pick<AiProxyAdvancedConfig["gw"], "strict_model" | "on_embedding_failure">;
  readonly notify: Notify;
  /** Decisions over all targets, by the match that they came from: of a text that was seen before, nothing is computed again. */
  readonly remembered: WeakMap<Match, Decision>;
}

/** A call before the choice. */
export interface AskedCall {
  readonly call: ChatRequest;
  readonly request: ExchangeRequest;
  /** What consistent-hashing goes by. */
  readonly hashKey: string;
  /** Nothing is sent: the choice does not count as a turn. */
  readonly isProbe: boolean;
}

/** Which targets a call may go to, best first, and why. `handle` and `explain` share it. */
export interface Decision {
  readonly candidates: readonly CompiledTarget[];
  /** Empty when all that would do are down. */
  readonly order: readonly number[];
  /** Targets that would do, and are out. */
  readonly down: readonly number[];
  /** `nearest`, `catchall`, `embedding_unavailable`, `failover` (the best is down), or the algorithm's name. */
  readonly reason: string;
  /** Of the whole list of targets; undefined when nothing was compared. */
  readonly distances: Distances | undefined;
  /** undefined under the literal rule, too. */
  readonly standings: Standings | undefined;
  /** The vector store that told the distances, or `copy`; undefined when nothing was compared. */
  readonly answeredBy: string | undefined;
  /** The text that was compared; of a probe only: decisions are remembered, and texts may be long. */
  readonly text?: string | undefined;
  /** Codes of what was not at its best. */
  readonly warnings: readonly string[];
}

interface Question extends AskedCall {
  readonly candidates: readonly CompiledTarget[];
  readonly text: string | undefined;
}

/**
 * At once when the text was seen before or needs no comparison, which is most of the time; else a promise. Throws (or rejects with)
 * GW_NO_TARGET, GW_EMBEDDING_FAILED, and GW_REQUEST_INVALID under `strict_model`.
 */
export function decide(plan: DecisionPlan, asked: AskedCall): Decision | Promise<Decision> {
  const { call } = asked;
  const candidates = narrowByAlias(plan.targets, call.model);
  const isComparable = plan.indexes !== undefined && candidates.some((target) => !target.isCatchall);
  const said = isComparable ? conversationText(call.messages, plan.text) : undefined;
  const question: Question = { ...asked, candidates, text: said?.text };
  if (plan.indexes === undefined || said === undefined) return conclude(plan, question, nothingCompared);
  const match = peekMatch(plan.indexes, said);
  return match === undefined ? compare(plan, plan.indexes, question, said) : conclude(plan, question, match);
}

const nothingCompared: Match = {
  distances: [],
  standings: undefined,
  isVague: false,
  answeredBy: "",
  isStoreAway: false,
};

/** The targets with the alias that the client asks for; all of them when it asks for none. */
function narrowByAlias(targets: readonly CompiledTarget[], model: string | undefined): readonly CompiledTarget[] {
  if (model === undefined || !targets.some((target) => target.alias === model)) return targets;
  return targets.filter((target) => target.alias === model);
}

async function compare(
  plan: DecisionPlan,
  indexes: Indexes,
  question: Question,
  said: ConversationText,
): Promise<Decision> {
  let compared: Compared;
  try {
    compared = await compareText(indexes, said);
  } catch (thrown) {
    return withoutComparison(plan, question, toError(thrown));
  }
  const decision = conclude(plan, { ...question, text: compared.text }, compared.match);
  if (!compared.isFallback) return decision;
  plan.notify({
    code: "embedding-away",
    message: "Prompts are compared by the local model: the configured one fails.",
  });
  return { ...decision, warnings: [...decision.warnings, "embedding-away"] };
}

function conclude(plan: DecisionPlan, question: Question, match: Match): Decision {
  const isWhole = plan.balancer.isByDistanceOnly && question.candidates === plan.targets;
  const known = isWhole ? plan.remembered.get(match) : undefined;
  const decision = known ?? orderCandidates(plan, question, match);
  if (isWhole && known === undefined) plan.remembered.set(match, decision);
  return choose(plan, question, decision);
}

const noneDown: readonly number[] = [];

function orderCandidates(plan: DecisionPlan, question: Question, match: Match): Decision {
  const { candidates } = question;
  const { distances, standings, isStoreAway } = match;
  const answeredBy = match === nothingCompared ? undefined : match.answeredBy;
  const order = orderOf(plan, question, match);
  if (order.length === 0) throw noTargetError(candidates, distances);
  const warnings = isStoreAway ? ["vector-store-away"] : [];
  const reason = reasonOf(plan, order);
  return { candidates, order, down: noneDown, reason, distances, standings, answeredBy, warnings };
}

function orderOf(
  { balancer, clock }: DecisionPlan,
  { candidates, hashKey }: Question,
  match: Match | undefined,
): readonly number[] {
  const { distances, standings } = match ?? {};
  return balancer.order(candidates, { now: clock.now(), hashKey, distances, standings });
}

function reasonOf({ balancer, targets }: DecisionPlan, order: readonly number[]): string {
  if (balancer.name !== "semantic") return balancer.name;
  return targets[order[0] ?? -1]?.isCatchall === true ? "catchall" : "nearest";
}

function withoutComparison(plan: DecisionPlan, question: Question, error: Error): Decision {
  const { candidates } = question;
  const order = orderOf(plan, question, undefined);
  const why = error.name === "TimeoutError" ? "embedding took too long" : error.message;
  if (plan.rules.on_embedding_failure === "error" || order.length === 0) {
    const message = `The prompt could not be compared with the targets: ${why}`;
    throw new GwError("GW_EMBEDDING_FAILED", message, { cause: error });
  }
  plan.notify({ code: "embedding-away", message: `A prompt went to CATCHALL without being compared: ${why}` });
  const reason = "embedding_unavailable";
  return choose(plan, question, {
    candidates,
    order,
    down: noneDown,
    reason,
    distances: undefined,
    standings: undefined,
    answeredBy: undefined,
    warnings: ["embedding-away"],
  });
}

/** The decision as it stands now: without the targets that are out, and as the turn of the first that is left. */
function choose(plan: DecisionPlan, { call, request, text, isProbe }: Question, ideal: Decision): Decision {
  const decision = plan.health.isAllUp ? ideal : withoutDown(plan, ideal);
  const [first] = decision.order;
  if (plan.rules.strict_model && first !== undefined) checkModel(call, request, plan.targets[first]);
  if (isProbe) return { ...decision, text };
  if (first !== undefined) plan.balancer.observe?.({ kind: "chosen", order: decision.order });
  return decision;
}

function withoutDown({ health }: DecisionPlan, ideal: Decision): Decision {
  const order = ideal.order.filter((index) => health.isUp(index));
  const down = ideal.order.filter((index) => !order.includes(index));
  return { ...ideal, order, down, reason: order[0] === ideal.order[0] ? ideal.reason : "failover" };
}

/** Kong's rule, which makes semantic routing unusable from an SDK that always names a model; off by default. */
function checkModel({ model }: ChatRequest, request: ExchangeRequest, chosen: CompiledTarget | undefined): void {
  const must = chosen?.targetFor(request).model;
  if (model === undefined || must === undefined || model === must || model === chosen?.alias) return;
  throw new RequestError("GW_REQUEST_INVALID", `cannot use own model - must be: ${must}`);
}
