import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import { openaiErrorType } from "../../../core/openai-error-type.ts";
import {
  type ChatEvent,
  type ChatResult,
  type ChatStreamDecoder,
  type FinishReason,
  type ProviderFailure,
  type ToolCall,
  UnreadableAnswer,
} from "../../answer.ts";
import { countOf, parseAnswer, parseObject, textOf, unreadFailure } from "../../read-answer.ts";
import { decodeJsonLines } from "../../stream-decoder.ts";
import { tallied, type Usage } from "../../usage.ts";

/** Throws UnreadableAnswer. */
export function parseChat(body: Buffer): ChatResult {
  const answer = parseAnswer(body);
  const { message, model } = answer;
  if (!isJsonObject(message)) throw new UnreadableAnswer("it has no message");
  const toolCalls = toToolCalls(message["tool_calls"], 0);
  return {
    model: textOf(model),
    text: textOf(message["content"]),
    reasoning: textOf(message["thinking"]),
    toolCalls,
    finishReason: toFinishReason(answer, toolCalls.length > 0),
    usage: toUsage(answer),
  };
}

/** A line of JSON an event; the last has `done`. */
export function openChatStream(): ChatStreamDecoder {
  let hasStarted = false;
  let toolCount = 0;
  return decodeJsonLines({
    read(event) {
      const { error, model, message, done } = event;
      if (typeof error === "string") return [{ type: "failed", failure: toFailure(error, 500) }];
      const events: ChatEvent[] = hasStarted ? [] : [{ type: "start", model: textOf(model) }];
      hasStarted = true;
      if (isJsonObject(message)) {
        const toolCalls = toToolCalls(message["tool_calls"], toolCount);
        events.push(...toDeltas(message), ...toolCalls.flatMap((call, at) => toToolEvents(call, toolCount + at)));
        toolCount += toolCalls.length;
      }
      if (done === true) events.push(...toLastEvents(event, toolCount > 0));
      return events;
    },
  });
}

/** `{"error": "…"}` */
export function parseFailure(status: number, body: Buffer): ProviderFailure {
  const error = parseObject(body)?.["error"];
  return typeof error === "string" ? toFailure(error, status) : unreadFailure(status, body);
}

function toFailure(message: string, status: number): ProviderFailure {
  return { message, type: openaiErrorType(status), code: null };
}

function toDeltas({ thinking, content }: JsonObject): ChatEvent[] {
  const events: ChatEvent[] = [];
  if (textOf(thinking) !== "") events.push({ type: "reasoning-delta", text: textOf(thinking) });
  if (textOf(content) !== "") events.push({ type: "text-delta", text: textOf(content) });
  return events;
}

function toToolEvents({ id, name, arguments: text }: ToolCall, index: number): ChatEvent[] {
  return [
    { type: "tool-call-start", index, id, name },
    { type: "tool-call-delta", index, text },
  ];
}

function toLastEvents(event: JsonObject, hasTools: boolean): ChatEvent[] {
  return [
    { type: "finish", reason: toFinishReason(event, hasTools) },
    { type: "usage", usage: toUsage(event) },
    { type: "end" },
  ];
}

/** Ollama gives no ids: the place among the calls is one. */
function toToolCalls(calls: Json | undefined, first: number): readonly ToolCall[] {
  if (!Array.isArray(calls)) return [];
  return calls.map((call: Json, index) => {
    const called = isJsonObject(call) ? call["function"] : undefined;
    const { name, arguments: input }: JsonObject = isJsonObject(called) ? called : {};
    return { id: `call_${first + index}`, name: textOf(name), arguments: JSON.stringify(input ?? {}) };
  });
}

function toFinishReason({ done_reason: reason }: JsonObject, hasTools: boolean): FinishReason {
  if (hasTools) return "tool_calls";
  return reason === "length" ? "length" : "stop";
}

function toUsage({ prompt_eval_count: prompt, eval_count: completion }: JsonObject): Usage {
  return tallied(countOf(prompt), countOf(completion), { cached: 0 });
}
