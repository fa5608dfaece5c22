import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import { type ChatResult, type FinishReason, type ProviderFailure, UnreadableAnswer } from "../../answer.ts";
import { countOf, parseAnswer, parseObject, textOf, unreadFailure } from "../../read-answer.ts";
import { tallied, type Usage } from "../../usage.ts";

/** Throws UnreadableAnswer. */
export function parseChat(body: Buffer): ChatResult {
  const answer = parseAnswer(body);
  const { content, id, model, stop_reason: reason, usage } = answer;
  if (!Array.isArray(content)) throw new UnreadableAnswer("it has no content");
  const blocks = content.filter(isJsonObject);
  const texts = (type: string, member: string): string =>
    blocks.map((block) => (block["type"] === type ? textOf(block[member]) : "")).join("");
  return {
    id: textOf(id),
    model: textOf(model),
    text: texts("text", "text"),
    reasoning: texts("thinking", "thinking"),
    toolCalls: blocks
      .filter((block) => block["type"] === "tool_use")
      .map((block) => ({
        id: textOf(block["id"]),
        name: textOf(block["name"]),
        arguments: JSON.stringify(block["input"] ?? {}),
      })),
    finishReason: toFinishReason(reason),
    usage: isJsonObject(usage) ? toUsage(usage) : undefined,
  };
}

/** `input_tokens` leaves out what was read from the cache or written to it; OpenAI's `prompt_tokens` counts all. */
export function toUsage(usage: JsonObject): Usage {
  const read = countOf(usage["cache_read_input_tokens"]);
  const written = countOf(usage["cache_creation_input_tokens"]);
  return tallied(countOf(usage["input_tokens"]) + read + written, countOf(usage["output_tokens"]), {
    cached: read,
    written,
    writtenFor: lifetimesOf(usage["cache_creation"]),
    tier: usage["service_tier"],
  });
}

/** https://docs.claude.com/en/docs/build-with-claude/prompt-caching#1-hour-cache-duration */
function lifetimesOf(creation: Json | undefined): Readonly<Record<string, number>> {
  const counts = isJsonObject(creation) ? Object.entries(creation) : [];
  return Object.fromEntries(
    counts.flatMap(([name, count]) => {
      const ttl = /^ephemeral_(\w+)_input_tokens$/.exec(name)?.[1];
      return ttl === undefined ? [] : [[ttl, countOf(count)]];
    }),
  );
}

export function toFinishReason(reason: Json | undefined): FinishReason {
  switch (reason) {
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length";
    case "tool_use":
      return "tool_calls";
    case "refusal":
      return "content_filter";
    default:
      return "stop";
  }
}

/** https://docs.claude.com/en/api/errors */
export function parseFailure(status: number, body: Buffer): ProviderFailure {
  const answer = parseObject(body);
  return (answer && toFailure(answer)) ?? unreadFailure(status, body);
}

/** Also of the event `error` in a stream. */
export function toFailure({ error }: JsonObject): ProviderFailure | undefined {
  if (!isJsonObject(error) || typeof error["message"] !== "string") return undefined;
  const code = textOf(error["type"]);
  return { message: error["message"], type: openaiTypes[code] ?? "invalid_request_error", code };
}

const openaiTypes: Readonly<Record<string, string>> = {
  authentication_error: "authentication_error",
  permission_error: "permission_error",
  rate_limit_error: "rate_limit_error",
  api_error: "server_error",
  overloaded_error: "server_error",
  timeout_error: "server_error",
};
