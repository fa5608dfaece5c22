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
  const answer = parseAnswer(body);
  const { parts, finish } = readCandidate(answer);
  if (finish === undefined && parts.length === 0) throw new UnreadableAnswer("it has no candidate");
  const toolCalls = toolCallsOf(parts, 0);
  return {
    id: textOf(answer["responseId"]),
    model: textOf(answer["modelVersion"]),
    text: joinTexts(parts, false),
    reasoning: joinTexts(parts, true),
    toolCalls,
    finishReason: toFinishReason(finish, toolCalls.length > 0),
    usage: usageOf(answer),
  };
}

export interface Candidate {
  readonly parts: readonly JsonObject[];
  /** Gemini's word; undefined as long as the model goes on. */
  readonly finish: string | undefined;
}

/** The first one, which is all that is asked for. A prompt that was blocked has none. */
export function readCandidate({ candidates, promptFeedback }: JsonObject): Candidate {
  const candidate: Json | undefined = Array.isArray(candidates) ? candidates[0] : undefined;
  if (!isJsonObject(candidate)) {
    const reason = isJsonObject(promptFeedback) ? promptFeedback["blockReason"] : undefined;
    return { parts: [], finish: typeof reason === "string" ? "SAFETY" : undefined };
  }
  const { content, finishReason } = candidate;
  const parts = isJsonObject(content) ? content["parts"] : undefined;
  return {
    parts: Array.isArray(parts) ? parts.filter(isJsonObject) : [],
    finish: typeof finishReason === "string" ? finishReason : undefined,
  };
}

export function joinTexts(parts: readonly JsonObject[], isThought: boolean): string {
  return parts.map(({ text, thought }) => ((thought === true) === isThought ? textOf(text) : "")).join("");
}

/** `first` is the place of the first among all calls of the answer: it stands in for ids that the public API does not give. */
export function toolCallsOf(parts: readonly JsonObject[], first: number): readonly ToolCall[] {
  return parts
    .filter(({ functionCall }) => isJsonObject(functionCall))
    .map(({ functionCall, thoughtSignature: signature }, index) => {
      const { id, name, args } = isJsonObject(functionCall) ? functionCall : {};
      return {
        id: textOf(id) === "" ? `call_${first + index}` : textOf(id),
        name: textOf(name),
        arguments: JSON.stringify(args ?? {}),
        ...(typeof signature === "string" && { signature }),
      };
    });
}

export function toFinishReason(reason: string | undefined, hasTools: boolean): FinishReason {
  if (reason === "MAX_TOKENS") return "length";
  if (reason !== undefined && filtered.has(reason)) return "content_filter";
  return hasTools ? "tool_calls" : "stop";
}

const filtered: ReadonlySet<string> = new Set([
  "SAFETY",
  "RECITATION",
  "LANGUAGE",
  "BLOCKLIST",
  "PROHIBITED_CONTENT",
  "SPII",
  "IMAGE_SAFETY",
]);

/** Thoughts are paid for as output. */
export function usageOf({ usageMetadata: usage }: JsonObject): Usage | undefined {
  if (!isJsonObject(usage)) return undefined;
  const completion = countOf(usage["candidatesTokenCount"]) + countOf(usage["thoughtsTokenCount"]);
  const cached = countOf(usage["cachedContentTokenCount"]);
  return tallied(countOf(usage["promptTokenCount"]) + countOf(usage["toolUsePromptTokenCount"]), completion, {
    cached,
  });
}

/** https://ai.google.dev/gemini-api/docs/troubleshooting */
export function parseFailure(status: number, body: Buffer): ProviderFailure {
  const answer = parseObject(body);
  return (answer && failureOf(answer, status)) ?? unreadFailure(status, body);
}

export function failureOf({ error }: JsonObject, status: number): ProviderFailure | undefined {
  if (!isJsonObject(error) || typeof error["message"] !== "string") return undefined;
  const code = countOf(error["code"]) || status;
  return { message: error["message"], type: openaiErrorType(code), code: textOf(error["status"]) || null };
}
