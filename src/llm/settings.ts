import { RequestError } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { ChatRequest } from "./chat.ts";
import type { ProviderTarget } from "./provider.ts";

/** What a chat request asks for besides its messages, read for providers that do not take OpenAI's format. */
export interface ChatSettings {
  readonly maxTokens: number | undefined;
  readonly temperature: number | undefined;
  readonly topP: number | undefined;
  readonly topK: number | undefined;
  readonly stop: readonly string[];
  readonly tools: readonly Tool[];
  readonly toolChoice: ToolChoice | undefined;
  /** False when the client allows one tool call at a time only. */
  readonly isParallel: boolean;
  /** From `response_format`; undefined for plain text. */
  readonly format: AnswerFormat | undefined;
}

export interface Tool {
  readonly name: string;
  readonly description: string | undefined;
  /** JSON Schema of the arguments. */
  readonly parameters: JsonObject;
}

export type ToolChoice =
  | { readonly kind: "auto" | "none" | "required" }
  | { readonly kind: "function"; readonly name: string };

export type AnswerFormat = { readonly kind: "json" } | { readonly kind: "json-schema"; readonly schema: JsonObject };

/** Throws RequestError GW_REQUEST_INVALID for tools that cannot be read. */
export function readSettings({ body }: ChatRequest, target: ProviderTarget): ChatSettings {
  return {
    maxTokens: tuned("max_tokens", withMaxTokens(body), target),
    temperature: tuned("temperature", body, target),
    topP: tuned("top_p", body, target),
    topK: tuned("top_k", body, target),
    stop: readStop(body["stop"]),
    tools: readTools(body["tools"]),
    toolChoice: readToolChoice(body["tool_choice"]),
    isParallel: body["parallel_tool_calls"] !== false,
    format: readFormat(body["response_format"]),
  };
}

/** The configured model, else the client's. Throws RequestError GW_REQUEST_INVALID, in Kong's words, when there is neither. */
export function modelOf(call: ChatRequest, target: ProviderTarget): string {
  const model = target.model ?? call.model;
  if (model !== undefined) return model;
  throw invalid("model parameter not found in request, nor in gateway configuration");
}

/** What every translation reads. */
const understood: ReadonlySet<string> = new Set([
  "model",
  "messages",
  "stream",
  "stream_options",
  "max_tokens",
  "max_completion_tokens",
  "temperature",
  "top_p",
  "stop",
  "tools",
  "tool_choice",
]);

/** Values that ask for nothing. */
function asksNothing(name: string, value: Json): boolean {
  if (name === "parallel_tool_calls") return value === true || value === null;
  if (value === null || value === false || (name === "n" && value === 1)) return true;
  return name === "response_format" && isJsonObject(value) && value["type"] === "text";
}

/** `ignored:NAME` for each member of the request that is not sent on; `more` are the members that this provider can express beyond the usual. */
export function ignoredMembers({ body }: ChatRequest, more: readonly string[]): string[] {
  return Object.entries(body).flatMap(([name, value]) =>
    understood.has(name) || more.includes(name) || asksNothing(name, value) ? [] : [`ignored:${name}`],
  );
}

/** `max_completion_tokens` is the newer name. */
function withMaxTokens(body: JsonObject): JsonObject {
  const newer = body["max_completion_tokens"];
  return newer === undefined || newer === null ? body : { ...body, max_tokens: newer };
}

function tuned(
  name: "max_tokens" | "temperature" | "top_p" | "top_k",
  body: JsonObject,
  { options, clientParams }: ProviderTarget,
): number | undefined {
  const configured = numberOf(options[name]);
  const asked = numberOf(body[name]);
  return clientParams ? (asked ?? configured) : (configured ?? asked);
}

function numberOf(value: Json | undefined): number | undefined {
  return typeof value === "number" ? value : undefined;
}

function readStop(stop: Json | undefined): readonly string[] {
  const list = Array.isArray(stop) ? stop : [stop];
  return list.filter((text) => typeof text === "string");
}

function readTools(tools: Json | undefined): readonly Tool[] {
  if (tools === undefined || tools === null) return [];
  if (!Array.isArray(tools)) throw invalid("tools is not a list");
  return tools.map((tool: Json, index) => {
    const described = isJsonObject(tool) && tool["type"] === "function" ? tool["function"] : undefined;
    if (!isJsonObject(described) || typeof described["name"] !== "string")
      throw invalid(`tools[${index}] is not a function with a name`);
    const { name, description, parameters } = described;
    return {
      name,
      description: typeof description === "string" ? description : undefined,
      parameters: isJsonObject(parameters) ? parameters : { type: "object", properties: {} },
    };
  });
}

function readToolChoice(choice: Json | undefined): ToolChoice | undefined {
  if (choice === "auto" || choice === "none" || choice === "required") return { kind: choice };
  // Mistral's word for it.
  if (choice === "any") return { kind: "required" };
  const named = isJsonObject(choice) ? choice["function"] : undefined;
  if (isJsonObject(named) && typeof named["name"] === "string") return { kind: "function", name: named["name"] };
  if (choice === undefined || choice === null) return undefined;
  throw invalid("tool_choice is none of auto, none, required and a function with a name");
}

function readFormat(format: Json | undefined): AnswerFormat | undefined {
  if (!isJsonObject(format)) return undefined;
  if (format["type"] === "json_object") return { kind: "json" };
  const described = format["type"] === "json_schema" ? format["json_schema"] : undefined;
  const schema = isJsonObject(described) ? described["schema"] : undefined;
  return isJsonObject(schema) ? { kind: "json-schema", schema } : undefined;
}

function invalid(message: string): RequestError {
  return new RequestError("GW_REQUEST_INVALID", message);
}
