import type { UpstreamRequest } from "../../../core/http-message.ts";
import type { JsonObject } from "../../../core/json.ts";
import type { ChatRequest } from "../../chat.ts";
import { type Conversation, readConversation, type Turn, type UserPart } from "../../conversation.ts";
import { joinTurns } from "../../joined-turns.ts";
import { jsonRequest } from "../../json-request.ts";
import type { Built, ProviderTarget } from "../../provider.ts";
import { type ChatSettings, ignoredMembers, modelOf, readSettings, type ToolChoice } from "../../settings.ts";

/** Anthropic's API insists on a limit. */
const DEFAULT_MAX_TOKENS = 4096;
const DEFAULT_VERSION = "2023-06-01";

/** `anthropic_version`, alternating names and values. */
export function versionHeader({ anthropic_version: version }: JsonObject): readonly string[] {
  return ["anthropic-version", typeof version === "string" ? version : DEFAULT_VERSION];
}

export function buildChat(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> {
  const settings = readSettings(call, target);
  const conversation = readConversation(call, target.provider);
  const warnings = ignoredMembers(call, ["top_k", "user", "parallel_tool_calls", "response_format"]);
  if (settings.maxTokens === undefined) warnings.push("defaulted:max_tokens");
  if ((settings.temperature ?? 0) > 1) warnings.push("limited:temperature");
  if (settings.format?.kind === "json") warnings.push("ignored:response_format");
  const body = toBody(call, target, settings, conversation);
  return { request: jsonRequest(target.endpoint, body, versionHeader(target.options)), warnings };
}

function toBody(
  call: ChatRequest,
  target: ProviderTarget,
  settings: ChatSettings,
  { instructions, turns }: Conversation,
): object {
  const { user } = call.body;
  const { temperature, stop, tools, format } = settings;
  return {
    model: modelOf(call, target),
    max_tokens: settings.maxTokens ?? DEFAULT_MAX_TOKENS,
    system: instructions.length === 0 ? undefined : instructions.join("\n\n"),
    messages: joinTurns(turns, toBlocks),
    stream: call.isStream,
    temperature: temperature === undefined ? undefined : Math.min(temperature, 1),
    top_p: settings.topP,
    top_k: settings.topK,
    stop_sequences: stop.length === 0 ? undefined : stop,
    tools: tools.length === 0 ? undefined : tools.map(toTool),
    tool_choice: tools.length === 0 ? undefined : toToolChoice(settings),
    metadata: typeof user === "string" ? { user_id: user } : undefined,
    output_config:
      format?.kind === "json-schema" ? { format: { type: "json_schema", schema: format.schema } } : undefined,
  };
}

function toBlocks(turn: Turn): JsonObject[] {
  switch (turn.role) {
    case "user":
      return turn.parts.flatMap(toBlock);
    case "assistant":
      return [
        ...textBlocks(turn.text),
        ...turn.toolCalls.map(({ id, name, input }) => ({ type: "tool_use", id, name, input })),
      ];
    default:
      return [{ type: "tool_result", tool_use_id: turn.toolCallId, content: textBlocks(turn.text) }];
  }
}

function toBlock(part: UserPart): JsonObject[] {
  switch (part.kind) {
    case "text":
      return textBlocks(part.text);
    case "image-url":
      return [{ type: "image", source: { type: "url", url: part.url } }];
    default:
      return [{ type: "image", source: { type: "base64", media_type: part.mediaType, data: part.data } }];
  }
}

/** The API refuses empty texts. */
function textBlocks(text: string): JsonObject[] {
  return text === "" ? [] : [{ type: "text", text }];
}

function toTool({ name, description, parameters }: ChatSettings["tools"][number]): object {
  return { name, description, input_schema: parameters };
}

function toToolChoice({ toolChoice, isParallel }: ChatSettings): object | undefined {
  if (toolChoice?.kind === "none") return { type: "none" };
  const single = isParallel ? undefined : true;
  if (toolChoice === undefined && isParallel) return undefined;
  return { ...toChoice(toolChoice), disable_parallel_tool_use: single };
}

function toChoice(choice: ToolChoice | undefined): object {
  if (choice?.kind === "function") return { type: "tool", name: choice.name };
  return { type: choice?.kind === "required" ? "any" : "auto" };
}
