import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import { openaiErrorType } from "../../../core/openai-error-type.ts";
import { type ChatResult, type FinishReason, type ProviderFailure, UnreadableAnswer } from "../../answer.ts";
import { parseAnswer, parseObject, textOf, unreadFailure } from "../../read-answer.ts";
import { usageOf } from "../../usage.ts";

/** The first choice; clients of other formats ask for one. Throws UnreadableAnswer. */
export function parseChat(body: Buffer): ChatResult {
  const answer = parseAnswer(body);
  const { choices, id, model } = answer;
  const choice: Json | undefined = Array.isArray(choices) ? choices[0] : undefined;
  const message = isJsonObject(choice) ? choice["message"] : undefined;
  if (!isJsonObject(choice) || !isJsonObject(message)) throw new UnreadableAnswer("it has no choices");
  const toolCalls = readToolCalls(message["tool_calls"]);
  return {
    id: textOf(id),
    model: textOf(model),
    text: contentText(message["content"]) + textOf(message["refusal"]),
    reasoning: reasoningOf(message),
    toolCalls,
    finishReason: toFinishReason(choice["finish_reason"]) ?? (toolCalls.length > 0 ? "tool_calls" : "stop"),
    usage: usageOf(answer),
  };
}

/** Mistral's models that think answer in parts. */
export function contentText(content: Json | undefined): string {
  if (!Array.isArray(content)) return textOf(content);
  return content.map((part) => (isJsonObject(part) && part["type"] === "text" ? textOf(part["text"]) : "")).join("");
}

/** Vendors have agreed on no name. */
export function reasoningOf({ reasoning_content: content, reasoning, content: parts }: JsonObject): string {
  const named = textOf(content) || textOf(reasoning);
  if (named !== "" || !Array.isArray(parts)) return named;
  return parts.map((part) => (isJsonObject(part) ? contentText(part["thinking"]) : "")).join("");
}

function readToolCalls(calls: Json | undefined): ChatResult["toolCalls"] {
  return (Array.isArray(calls) ? calls : []).flatMap((call: Json, index: number) => {
    const called = isJsonObject(call) ? call["function"] : undefined;
    if (!isJsonObject(call) || !isJsonObject(called)) return [];
    const { name, arguments: input } = called;
    return [{ id: textOf(call["id"]) || `call_${index}`, name: textOf(name), arguments: textOf(input) || "{}" }];
  });
}

/** undefined as long as the model goes on. */
export function toFinishReason(reason: Json | undefined): FinishReason | undefined {
  if (typeof reason !== "string" || reason === "") return undefined;
  switch (reason) {
    case "length":
    case "model_length":
      return "length";
    case "tool_calls":
    case "function_call":
      return "tool_calls";
    case "content_filter":
      return "content_filter";
    default:
      return "stop";
  }
}

/** https://platform.openai.com/docs/guides/error-codes; some vendors put the members of `error` at the top. */
export function parseFailure(status: number, body: Buffer): ProviderFailure {
  const answer = parseObject(body);
  return (answer && toFailure(answer, status)) ?? unreadFailure(status, body);
}

/** Also of an event in a stream. */
export function toFailure(answer: JsonObject, status: number): ProviderFailure | undefined {
  const error = isJsonObject(answer["error"]) ? answer["error"] : answer;
  const { message, type, code } = error;
  if (typeof message !== "string") return undefined;
  return {
    message,
    type: textOf(type) || openaiErrorType(status),
    code: typeof code === "string" || typeof code === "number" ? String(code) : null,
  };
}
