import type { UpstreamRequest } from "../../../core/http-message.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { ChatRequest } from "../../chat.ts";
import { readConversation, type Turn, type UserPart } from "../../conversation.ts";
import { jsonRequest } from "../../json-request.ts";
import type { Built, ProviderTarget } from "../../provider.ts";
import { type AnswerFormat, type ChatSettings, ignoredMembers, modelOf, readSettings } from "../../settings.ts";

export function buildChat(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> {
  const { instructions, turns } = readConversation(call, target.provider);
  const settings = readSettings(call, target);
  const { tools, toolChoice, temperature } = settings;
  const warnings = ignoredMembers(call, ["top_k", "seed", "frequency_penalty", "presence_penalty", "response_format"]);
  if ((temperature ?? 0) > 1) warnings.push("limited:temperature");
  if (toolChoice?.kind === "function") warnings.push("limited:tool_choice");
  const system = instructions.length === 0 ? [] : [{ role: "system", content: instructions.join("\n\n") }];
  const body = {
    model: modelOf(call, target),
    messages: [...system, ...turns.map(toMessage)],
    stream: call.isStream,
    ...toTuning(call, settings),
    tools: tools.length === 0 ? undefined : offeredTools(settings).map(toTool),
    tool_choice: tools.length === 0 ? undefined : toToolChoice(settings),
    response_format: settings.format && toFormat(settings.format),
  };
  return { request: jsonRequest(target.endpoint, body), warnings };
}

function toTuning({ body }: ChatRequest, settings: ChatSettings): object {
  const { temperature, stop } = settings;
  return {
    max_tokens: settings.maxTokens,
    temperature: temperature === undefined ? undefined : Math.min(temperature, 1),
    p: settings.topP,
    k: settings.topK,
    stop_sequences: stop.length === 0 ? undefined : stop,
    seed: body["seed"] ?? undefined,
    frequency_penalty: body["frequency_penalty"] ?? undefined,
    presence_penalty: body["presence_penalty"] ?? undefined,
  };
}

function toMessage(turn: Turn): object {
  switch (turn.role) {
    case "user":
      return { role: "user", content: turn.parts.flatMap(toContent) };
    case "assistant":
      return {
        role: "assistant",
        content: turn.text === "" ? undefined : turn.text,
        tool_calls: turn.toolCalls.length === 0 ? undefined : turn.toolCalls.map(toToolCall),
      };
    default:
      return { role: "tool", tool_call_id: turn.toolCallId, content: turn.text };
  }
}

function toContent(part: UserPart): JsonObject[] {
  switch (part.kind) {
    case "text":
      return part.text === "" ? [] : [{ type: "text", text: part.text }];
    case "image-url":
      return [{ type: "image_url", image_url: { url: part.url } }];
    default:
      return [{ type: "image_url", image_url: { url: `data:${part.mediaType};base64,${part.data}` } }];
  }
}

function toToolCall({ id, name, input }: { id: string; name: string; input: JsonObject }): object {
  return { id, type: "function", function: { name, arguments: JSON.stringify(input) } };
}

/** Cohere can be told to use a tool, not which: it is offered only the one. */
function offeredTools({ tools, toolChoice }: ChatSettings): ChatSettings["tools"] {
  return toolChoice?.kind === "function" ? tools.filter(({ name }) => name === toolChoice.name) : tools;
}

function toTool({ name, description, parameters }: ChatSettings["tools"][number]): object {
  return { type: "function", function: { name, description, parameters } };
}

function toToolChoice({ toolChoice }: ChatSettings): string | undefined {
  if (toolChoice === undefined || toolChoice.kind === "auto") return undefined;
  return toolChoice.kind === "none" ? "NONE" : "REQUIRED";
}

function toFormat(format: AnswerFormat): object {
  return format.kind === "json" ? { type: "json_object" } : { type: "json_object", json_schema: format.schema };
}
