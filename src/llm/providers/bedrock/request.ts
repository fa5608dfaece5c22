import type { UpstreamRequest } from "../../../core/http-message.ts";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { ChatRequest } from "../../chat.ts";
import { type Conversation, readConversation } from "../../conversation.ts";
import { withModel } from "../../endpoint.ts";
import { jsonRequest } from "../../json-request.ts";
import type { Built, Endpoint, ProviderTarget } from "../../provider.ts";
import { type ChatSettings, ignoredMembers, modelOf, readSettings } from "../../settings.ts";
import { toMessages } from "./messages.ts";
import { isToolsNeeded, toToolConfig } from "./tools.ts";

export function buildChat(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> {
  const settings = readSettings(call, target);
  const conversation = readConversation(call, target.provider);
  const model = modelOf(call, target);
  const takesTopK = /(?:^|[./])anthropic\./.test(model);
  const warnings = ignoredMembers(call, ["top_k", "guardrailConfig"]);
  if (settings.topK !== undefined && !takesTopK) warnings.push("ignored:top_k");
  if ((settings.temperature ?? 0) > 1) warnings.push("limited:temperature");
  if (settings.toolChoice?.kind === "none" && isToolsNeeded(conversation)) warnings.push("ignored:tool_choice");
  const body = {
    ...toBody(call, settings, conversation),
    performanceConfig: toPerformanceConfig(target.options),
    additionalModelRequestFields: settings.topK !== undefined && takesTopK ? { top_k: settings.topK } : undefined,
  };
  return { request: jsonRequest(endpointFor(call, target, model), body), warnings };
}

/** A stream has a path of its own. */
export function endpointFor({ isStream }: ChatRequest, { endpoint }: ProviderTarget, model: string): Endpoint {
  const path = withModel(endpoint.path, model);
  return { ...endpoint, path: isStream ? path.replace(/\/converse(?=$|\?)/, "/converse-stream") : path };
}

function toBody({ body }: ChatRequest, settings: ChatSettings, conversation: Conversation): object {
  const { instructions, turns } = conversation;
  const system = instructions.filter((text) => text !== "").map((text) => ({ text }));
  return {
    system: system.length === 0 ? undefined : system,
    messages: toMessages(turns),
    inferenceConfig: toInferenceConfig(settings),
    toolConfig: toToolConfig(settings, conversation),
    guardrailConfig: isJsonObject(body["guardrailConfig"]) ? body["guardrailConfig"] : undefined,
  };
}

function toInferenceConfig({ maxTokens, temperature, topP, stop }: ChatSettings): object | undefined {
  const config = {
    maxTokens,
    temperature: temperature === undefined ? undefined : Math.min(temperature, 1),
    topP,
    stopSequences: stop.length === 0 ? undefined : stop,
  };
  return Object.values(config).every((value) => value === undefined) ? undefined : config;
}

function toPerformanceConfig({ bedrock }: JsonObject): object | undefined {
  const latency = isJsonObject(bedrock) ? bedrock["performance_config_latency"] : undefined;
  return typeof latency === "string" ? { latency } : undefined;
}
