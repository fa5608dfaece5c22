import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import { BugError } from "../../core/errors.ts";
import type { ChatRequest } from "../../llm/chat.ts";
import type { Choice, ExplainedCandidate, Explanation } from "../explanation.ts";
import type { Probe } from "../plugin.ts";
import { type Balancing, targetsDown } from "./balancing.ts";
import type { CompiledTarget } from "./compile.ts";
import type { TargetCredential } from "./target-credential.ts";
import { type Decision, type DecisionPlan, decide } from "./decide.ts";
import { buildRequest } from "./request.ts";

export interface ExplainPlan extends DecisionPlan, Pick<Balancing, "hashKey"> {
  readonly config: AiProxyAdvancedConfig;
}

/** The decision that `handle` would take for the call, as docs/CLI.md shows it below `balancer`. Throws what `decide` throws. */
export async function explain(plan: ExplainPlan, call: ChatRequest, probe: Probe): Promise<Explanation> {
  const choice = await explainChoice(plan, call, probe);
  const chosen = plan.targets[choice.selected.index];
  if (chosen === undefined) throw new BugError(`There is no targets[${choice.selected.index}].`);
  return { ...choice, upstream: await describeUpstream(chosen, call, probe.request) };
}

/** The same without the request to the provider: no key is asked for. */
export async function explainChoice(plan: ExplainPlan, call: ChatRequest, { request }: Probe): Promise<Choice> {
  const { config, indexes, targets } = plan;
  const startedAt = performance.now();
  const decided = decide(plan, { call, request, hashKey: plan.hashKey(request, "test-route"), isProbe: true });
  const isCached = !(decided instanceof Promise);
  const decision = await decided;
  const ms = Math.round((performance.now() - startedAt) * 10) / 10;
  const chosen = targets[decision.order[0] ?? -1];
  if (chosen === undefined) throw targetsDown(plan.health, decision.down).error;
  return {
    text: decision.text ?? null,
    balancer: config.balancer.algorithm,
    embedding:
      indexes === undefined ? null : describeEmbedding(config, ms, isCached && decision.distances !== undefined),
    vectordb: describeStore(config, decision),
    candidates: decision.candidates.map((target) =>
      describeCandidate(target, decision, config.vectordb?.distance_metric, plan.health.isUp(target.index)),
    ),
    selected: { index: chosen.index, ...nameOf(chosen, call, request), reason: decision.reason },
    order: decision.order,
    warnings: decision.warnings,
  };
}

function describeEmbedding(
  { embeddings, vectordb }: AiProxyAdvancedConfig,
  ms: number,
  cached: boolean,
): Choice["embedding"] {
  if (embeddings === undefined || vectordb === undefined) return null;
  const { provider, name } = embeddings.model;
  return { provider, model: name, dimensions: vectordb.dimensions, ms, cached };
}

function describeStore({ vectordb }: AiProxyAdvancedConfig, { answeredBy }: Decision): Choice["vectordb"] {
  if (vectordb === undefined) return null;
  const { strategy, distance_metric: metric, threshold } = vectordb;
  return { strategy, metric, threshold, answered_by: answeredBy ?? null };
}

function describeCandidate(
  target: CompiledTarget,
  { distances, standings }: Decision,
  metric: "cosine" | "euclidean" | undefined,
  available: boolean,
): ExplainedCandidate {
  const distance = distances?.[target.index];
  const standing = standings?.[target.index];
  return {
    index: target.index,
    provider: target.target.provider,
    model: target.target.model ?? null,
    description: target.description,
    distance: distance ?? null,
    similarity: distance === undefined || metric !== "cosine" ? null : 1 - distance,
    threshold: target.isCatchall ? null : target.threshold,
    within_threshold: distance !== undefined && distance <= target.threshold,
    score: standing === undefined ? null : { total: standing.score, needed: standing.least, parts: standing.parts },
    available,
  };
}

function nameOf(
  { target, targetFor }: CompiledTarget,
  call: ChatRequest,
  request: Probe["request"],
): { readonly provider: string; readonly model: string | null } {
  return { provider: target.provider, model: targetFor(request).model ?? call.model ?? null };
}

/** The request is built as `handle` builds it, without credentials; nothing is sent. */
async function describeUpstream(
  chosen: CompiledTarget,
  call: ChatRequest,
  client: Probe["request"],
): Promise<Explanation["upstream"]> {
  const { request } = buildRequest(chosen, call, client, [], { requestId: "test-route", isRead: call.isStream });
  const [credential] = chosen.credentials;
  return {
    method: request.method,
    url: `${request.origin}${request.path}`,
    auth: credential === undefined ? null : await describeCredential(credential),
  };
}

async function describeCredential(credential: TargetCredential): Promise<Explanation["upstream"]["auth"]> {
  const ready = await credential.resolve().catch(() => undefined);
  return {
    in: credential.location,
    name: ready?.place?.name ?? credential.configuredName,
    reference: credential.reference ?? null,
    resolved: ready !== undefined,
  };
}
