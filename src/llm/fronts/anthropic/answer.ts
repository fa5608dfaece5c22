import type { JsonObject } from "../../../core/json.ts";
import type { ChatResult, FinishReason } from "../../answer.ts";
import type { AnswerIdentity } from "../../front.ts";
import { countOf, parseObject } from "../../read-answer.ts";
import type { Usage } from "../../usage.ts";

/** https://docs.claude.com/en/api/messages#response-id */
export function writeMessage(result: ChatResult, identity: AnswerIdentity): string {
  const { text, reasoning = "", toolCalls, finishReason, usage } = result;
  const content = [
    ...(reasoning === "" ? [] : [{ type: "thinking", thinking: reasoning, signature: "" }]),
    ...(text === "" ? [] : [{ type: "text", text }]),
    ...toolCalls.map(({ id, name, arguments: input }) => ({
      type: "tool_use",
      id,
      name,
      input: parseObject(input) ?? {},
    })),
  ];
  return JSON.stringify({
    id: result.id || identity.id,
    type: "message",
    role: "assistant",
    model: result.model || identity.model,
    content,
    stop_reason: toStopReason(finishReason),
    stop_sequence: null,
    usage: toTokenCounts(usage),
  });
}

/** Anthropic's `input_tokens` leaves out what was read from a cache or written to it. Without a count: zeros, which the format insists on. */
export function toTokenCounts(usage: Usage | undefined): JsonObject {
  const {
    prompt_tokens: prompt = 0,
    completion_tokens: completion = 0,
    prompt_tokens_details: details = {},
  } = usage ?? {};
  const read = countOf(details["cached_tokens"]);
  const written = countOf(details["cache_write_tokens"]);
  return {
    input_tokens: Math.max(0, prompt - read - written),
    cache_creation_input_tokens: written,
    cache_read_input_tokens: read,
    output_tokens: completion,
  };
}

export function toStopReason(reason: FinishReason): string {
  return stopReasons[reason];
}

const stopReasons: Readonly<Record<FinishReason, string>> = {
  stop: "end_turn",
  length: "max_tokens",
  tool_calls: "tool_use",
  content_filter: "refusal",
};
