import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import type { Choice, Explanation } from "../explanation.ts";
import { type ChatRequest, parseChatRequest } from "../../llm/chat.ts";
import type { Exchange, Plugin, PluginServices, Probe } from "../plugin.ts";
import type { AttemptPlan } from "./attempt.ts";
import { tryTargets } from "./attempts.ts";
import { openBalancing } from "./balancing.ts";
import { checkClientRequest, readCall, readProbe } from "./client-request.ts";
import { compileConfig } from "./compile.ts";
import type { TargetCredential } from "./target-credential.ts";
import { decide } from "./decide.ts";
import { type ExplainPlan, explain, explainChoice } from "./explain.ts";
import { needsOf } from "./needs.ts";
import { routeHeader } from "./report.ts";
import { conversationText } from "../../embeddings/text.ts";
import type { TuningView } from "../tuning.ts";
import { openSemanticParts, ruleOf, type SemanticParts } from "./semantic-parts.ts";

/** One configured instance. Throws GwError when an endpoint, the embedder or the vector store cannot be set up; needs no server to be there. */
export async function createAiProxyAdvanced(config: AiProxyAdvancedConfig, services: PluginServices): Promise<Plugin> {
  const compiled = compileConfig(config, services);
  const { targets } = compiled;
  const isSemantic = config.balancer.algorithm === "semantic";
  const parts = isSemantic ? await openSemanticParts(config, targets, services) : undefined;
  const balancing = openBalancing(config, targets, services);
  const { upstream, clock, notify } = services;
  const hasModelHeader = config.model_name_header;
  const attempts: AttemptPlan = { ...compiled, ...balancing, upstream, clock, notify, hasModelHeader };
  const decisions: ExplainPlan = {
    ...balancing,
    config,
    targets,
    clock,
    indexes: parts,
    text: {
      rule: config.gw.text ?? (ruleOf(config) === "contrast" ? "follow_up" : "last_user"),
      turns: config.gw.text_turns,
    },
    rules: config.gw,
    notify,
    remembered: new WeakMap(),
  };
  const credentials = [...targets.flatMap((target) => target.credentials), ...(parts?.credentials ?? [])];
  const read = ({ body }: Probe): ChatRequest => readProbe(compiled.front, body, config.response_streaming);
  return {
    handle: (exchange) => handle(config, attempts, decisions, exchange),
    async explain(probe): Promise<Explanation> {
      await parts?.index.load();
      return await explain(decisions, read(probe), probe);
    },
    async choose(probe): Promise<Choice> {
      await parts?.index.load();
      return await explainChoice(decisions, read(probe), probe);
    },
    ...(parts !== undefined && { tuning: tuningView(decisions, parts) }),
    needs: () => needsOf(targets, parts, upstream),
    warm: (signal) => warm(credentials, parts, signal),
    problems: () => (parts?.index.problem === undefined || lacksKey(parts) ? [] : [parts.index.problem]),
    targetStates: () =>
      targets.map(({ index, target }) => ({
        target: index,
        provider: target.provider,
        model: target.model,
        breaker: balancing.health.breakerState(index),
      })),
    async close() {
      balancing.close();
      await parts?.close();
    },
  };
}

function tuningView({ config, targets, text }: ExplainPlan, parts: SemanticParts): TuningView {
  return {
    targets: targets.map(({ index, description, isCatchall, threshold, examples, prices, target }) => {
      return {
        index,
        description,
        isCatchall,
        threshold,
        examples,
        prices,
        provider: target.provider,
        model: target.model ?? null,
      };
    }),
    rule: ruleOf(config),
    head: config.gw.head,
    metric: parts.metric,
    embedding: parts.modelName,
    textOf(messages) {
      const { messages: read } = parseChatRequest(Buffer.from(JSON.stringify({ messages })));
      return conversationText(read, text)?.text;
    },
    embed: async (texts, options) => await parts.embedder.embed(texts, options),
  };
}

async function handle(
  config: AiProxyAdvancedConfig,
  attempts: AttemptPlan,
  decisions: ExplainPlan,
  exchange: Exchange,
): Promise<void> {
  const { request } = exchange;
  const { front } = attempts;
  exchange.errorBody = front.errorBody;
  if (request.method !== "POST") exchange.addHeader("Allow", "POST");
  checkClientRequest(request, front);
  const body = await exchange.readBody(config.max_request_body_size);
  const call = readCall(front, body, request.path, config.response_streaming);
  const hashKey = decisions.hashKey(request, exchange.id);
  const decided = decide(decisions, { call, request, hashKey, isProbe: false });
  const decision = decided instanceof Promise ? await decided : decided;
  if (config.gw.debug_header && request.header("x-gw-debug") === "route")
    exchange.addHeader("X-GW-Route", routeHeader(decision));
  return tryTargets(attempts, exchange, call, decision);
}

/** The first try of everything; what fails is in `problems` and is tried again when it is needed. */
async function warm(
  credentials: readonly TargetCredential[],
  parts: SemanticParts | undefined,
  signal: AbortSignal,
): Promise<void> {
  const work = Promise.allSettled([...credentials.map((credential) => credential.resolve()), parts?.index.load()]);
  await Promise.race([work, aborted(signal)]);
}

/** What lacks is a secret that has not been read: that is told, or allowed, where secrets are. */
function lacksKey({ credentials }: SemanticParts): boolean {
  return credentials.some((credential) => {
    try {
      return credential.peek() === undefined;
    } catch {
      return false;
    }
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
