import { openaiErrorType } from "../../../core/openai-error-type.ts";
import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import { type ChatResult, type FinishReason, type ProviderFailure, UnreadableAnswer } from "../../answer.ts";
import { countOf, parseAnswer, parseObject, textOf, unreadFailure } from "../../read-answer.ts";
import { tallied, type Usage } from "../../usage.ts";

/** An answer has neither id nor model. Throws UnreadableAnswer. */
export function parseChat(body: Buffer): ChatResult {
  const { output, stopReason, usage, serviceTier } = parseAnswer(body);
  const message = isJsonObject(output) ? output["message"] : undefined;
  const content = isJsonObject(message) ? message["content"] : undefined;
  if (!Array.isArray(content)) throw new UnreadableAnswer("it has no content");
  const blocks = content.filter(isJsonObject);
  return {
    text: blocks.map(({ text }) => textOf(text)).join(""),
    reasoning: blocks.map(({ reasoningContent }) => reasoningOf(reasoningContent)).join(""),
    toolCalls: blocks
      .map(({ toolUse }) => toolUse)
      .filter(isJsonObject)
      .map(({ toolUseId, name, input }) => ({
        id: textOf(toolUseId),
        name: textOf(name),
        arguments: JSON.stringify(input ?? {}),
      })),
    finishReason: toFinishReason(stopReason),
    usage: toUsage(usage, serviceTier),
  };
}

function reasoningOf(block: Json | undefined): string {
  const text = isJsonObject(block) ? block["reasoningText"] : undefined;
  return isJsonObject(text) ? textOf(text["text"]) : "";
}

export function toFinishReason(reason: Json | undefined): FinishReason {
  switch (reason) {
    case "max_tokens":
    case "model_context_window_exceeded":
      return "length";
    case "tool_use":
      return "tool_calls";
    case "guardrail_intervened":
    case "content_filtered":
      return "content_filter";
    default:
      return "stop";
  }
}

/** `inputTokens` leaves out what was read from the cache or written to it; OpenAI's `prompt_tokens` counts all. */
export function toUsage(usage: Json | undefined, serviceTier: Json | undefined): Usage | undefined {
  if (!isJsonObject(usage)) return undefined;
  const cached = countOf(usage["cacheReadInputTokens"]);
  const written = countOf(usage["cacheWriteInputTokens"]);
  const prompt = countOf(usage["inputTokens"]) + cached + written;
  return tallied(prompt, countOf(usage["outputTokens"]), {
    cached,
    written,
    writtenFor: lifetimesOf(usage["cacheDetails"]),
    tier: isJsonObject(serviceTier) ? serviceTier["type"] : undefined,
  });
}

function lifetimesOf(details: Json | undefined): Readonly<Record<string, number>> {
  const parts = Array.isArray(details) ? details.filter(isJsonObject) : [];
  return Object.fromEntries(parts.map(({ ttl, inputTokens }) => [textOf(ttl), countOf(inputTokens)]));
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/CommonErrors.html: the kind of error is in a header, sometimes in `__type`. */
export function parseFailure(status: number, body: Buffer): ProviderFailure {
  const answer = parseObject(body);
  const message = messageOf(answer ?? {});
  if (message === undefined) return unreadFailure(status, body);
  const kind = textOf(answer?.["__type"]).split("#").at(-1);
  return { message, type: openaiErrorType(status), code: kind || null };
}

/** Some services write it with a capital. */
export function messageOf({ message, Message: other }: JsonObject): string | undefined {
  const text = message ?? other;
  return typeof text === "string" ? text : undefined;
}
