import { type ChoiceReason, type Distances, noTargetError, orderTargets } from "../../balancer/balancer.ts";
import type { Match, SemanticIndex } from "../../balancer/semantic-index.ts";
import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import { GwError, RequestError, toError } from "../../core/errors.ts";
import type { Notify } from "../../core/notice.ts";
import { embeddingText } from "../../embeddings/text.ts";
import type { ChatRequest } from "../../llm/chat.ts";
import type { CompiledTarget } from "./compile.ts";

/** What deciding needs of a plugin instance. */
export interface DecisionPlan {
  readonly targets: readonly CompiledTarget[];
  /** undefined when no target has a description to compare with. */
  readonly index: SemanticIndex | undefined;
  readonly rules: Pick<AiProxyAdvancedConfig["gw"], "text" | "strict_model" | "on_embedding_failure">;
  readonly notify: Notify;
  /** Decisions over all targets, by the match that they came from: of a text that was seen before, nothing is computed again. */
  readonly remembered: WeakMap<Match, Decision>;
}

/** Which targets a call may go to, best first, and why. `handle` and `explain` share it. */
export interface Decision {
  readonly candidates: readonly CompiledTarget[];
  /** Never empty. */
  readonly order: readonly number[];
  readonly reason: ChoiceReason;
  /** Of the whole list of targets; undefined when nothing was compared. */
  readonly distances: Distances | undefined;
  /** The text that was compared. */
  readonly text: string | undefined;
  /** Codes of what was not at its best. */
  readonly warnings: readonly string[];
}

/** A call before the choice. */
interface Question {
  readonly call: ChatRequest;
  readonly candidates: readonly CompiledTarget[];
  readonly text: string | undefined;
}

/**
 * At once when the text was seen before or needs no comparison, which is most of the time; else a promise. Throws (or rejects with)
 * GW_NO_TARGET, GW_EMBEDDING_FAILED, and GW_REQUEST_INVALID under `strict_model`.
 */
export function decide(plan: DecisionPlan, call: ChatRequest): Decision | Promise<Decision> {
  const candidates = narrowByAlias(plan.targets, call.model);
  const isComparable = plan.index !== undefined && candidates.some((target) => !target.isCatchall);
  const text = isComparable ? embeddingText(call.messages, plan.rules.text) : undefined;
  const question: Question = { call, candidates, text };
  if (plan.index === undefined || text === undefined) return conclude(plan, question, nothingCompared);
  const match = plan.index.peek(text);
  return match === undefined ? compare(plan, plan.index, question, text) : conclude(plan, question, match);
}

const nothingCompared: Match = { distances: [], isStoreAway: false };

/** The targets with the alias that the client asks for; all of them when it asks for none. */
function narrowByAlias(targets: readonly CompiledTarget[], model: string | undefined): readonly CompiledTarget[] {
  if (model === undefined || !targets.some((target) => target.alias === model)) return targets;
  return targets.filter((target) => target.alias === model);
}

async function compare(plan: DecisionPlan, index: SemanticIndex, question: Question, text: string): Promise<Decision> {
  let match: Match;
  try {
    match = await index.match(text);
  } catch (thrown) {
    return withoutComparison(plan, question, toError(thrown));
  }
  return conclude(plan, question, match);
}

function conclude(plan: DecisionPlan, question: Question, match: Match): Decision {
  const isWhole = question.candidates === plan.targets;
  const decision = (isWhole ? plan.remembered.get(match) : undefined) ?? compareDistances(question, match);
  if (isWhole) plan.remembered.set(match, decision);
  if (plan.rules.strict_model) checkModel(question.call, plan.targets[decision.order[0] ?? 0]);
  return decision;
}

function compareDistances({ candidates, text }: Question, { distances, isStoreAway }: Match): Decision {
  const { order, reason } = orderTargets(candidates, distances);
  if (order.length === 0) throw noTargetError(candidates, distances);
  return { candidates, order, reason, distances, text, warnings: isStoreAway ? ["vector-store-away"] : [] };
}

function withoutComparison(plan: DecisionPlan, question: Question, error: Error): Decision {
  const choice = orderTargets(question.candidates, undefined);
  const why = error.name === "TimeoutError" ? "embedding took too long" : error.message;
  if (plan.rules.on_embedding_failure === "fail" || choice.order.length === 0) {
    const message = `The prompt could not be compared with the targets: ${why}`;
    throw new GwError("GW_EMBEDDING_FAILED", message, { cause: error });
  }
  plan.notify({ code: "embedding-away", message: `A prompt went to CATCHALL without being compared: ${why}` });
  const { call, candidates, text } = question;
  if (plan.rules.strict_model) checkModel(call, plan.targets[choice.order[0] ?? 0]);
  return { candidates, ...choice, distances: undefined, text, warnings: ["embedding-away"] };
}

/** Kong's rule, which makes semantic routing unusable from an SDK that always names a model; off by default. */
function checkModel({ model }: ChatRequest, chosen: CompiledTarget | undefined): void {
  const must = chosen?.target.model;
  if (model === undefined || must === undefined || model === must || model === chosen?.alias) return;
  throw new RequestError("GW_REQUEST_INVALID", `cannot use own model - must be: ${must}`);
}
