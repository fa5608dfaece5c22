import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import { openaiErrorType } from "../../../core/openai-error-type.ts";
import {
  type ChatResult,
  type FinishReason,
  type ProviderFailure,
  type ToolCall,
  UnreadableAnswer,
} from "../../answer.ts";
import { countOf, parseAnswer, parseObject, textOf, unreadFailure } from "../../read-answer.ts";
import { tallied, type Usage } from "../../usage.ts";

/** Throws UnreadableAnswer. */
export function parseChat(body: Buffer): ChatResult {
  const { id, message, finish_reason: reason, usage } = parseAnswer(body);
  if (!isJsonObject(message)) throw new UnreadableAnswer("it has no message");
  const { content, tool_plan: plan, tool_calls: calls } = message;
  const blocks = Array.isArray(content) ? content.filter(isJsonObject) : [];
  return {
    id: textOf(id),
    text: blocks.map(({ text }) => textOf(text)).join(""),
    reasoning: textOf(plan) + blocks.map(({ thinking }) => textOf(thinking)).join(""),
    toolCalls: Array.isArray(calls) ? calls.filter(isJsonObject).map(toToolCall) : [],
    finishReason: toFinishReason(reason),
    usage: toUsage(usage),
  };
}

export function toToolCall({ id, function: called }: JsonObject): ToolCall {
  const { name, arguments: input }: JsonObject = isJsonObject(called) ? called : {};
  return { id: textOf(id), name: textOf(name), arguments: textOf(input) || "{}" };
}

export function toFinishReason(reason: Json | undefined): FinishReason {
  switch (reason) {
    case "MAX_TOKENS":
      return "length";
    case "TOOL_CALL":
      return "tool_calls";
    default:
      return "stop";
  }
}

/** What is billed, as Kong counts; else what was processed. */
export function toUsage(usage: Json | undefined): Usage | undefined {
  if (!isJsonObject(usage)) return undefined;
  const counted = isJsonObject(usage["billed_units"]) ? usage["billed_units"] : usage["tokens"];
  if (!isJsonObject(counted)) return undefined;
  return tallied(countOf(counted["input_tokens"]), countOf(counted["output_tokens"]), { cached: 0 });
}

/** https://docs.cohere.com/reference/errors */
export function parseFailure(status: number, body: Buffer): ProviderFailure {
  const message = parseObject(body)?.["message"];
  if (typeof message !== "string") return unreadFailure(status, body);
  return { message, type: openaiErrorType(status), code: null };
}
