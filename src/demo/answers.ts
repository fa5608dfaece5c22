import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Dialect } from "./dialects.ts";

/** A chat call that a simulator has accepted. */
export interface SimulatedChat {
  readonly model: string;
  readonly messages: readonly JsonObject[];
  readonly isStream: boolean;
  readonly wantsUsage: boolean;
}

export interface Identity {
  readonly id: string;
  /** Seconds since the epoch, as the APIs count. */
  readonly created: number;
}

/** Undefined when the body lacks what both providers insist on: a model and at least one message. */
export function readChat(body: JsonObject | undefined): SimulatedChat | undefined {
  if (body === undefined || typeof body["model"] !== "string" || !Array.isArray(body["messages"])) return undefined;
  const messages = body["messages"].filter(isJsonObject);
  if (messages.length === 0) return undefined;
  const streamOptions = body["stream_options"];
  return {
    model: body["model"],
    messages,
    isStream: body["stream"] === true,
    wantsUsage: isJsonObject(streamOptions) && streamOptions["include_usage"] === true,
  };
}

/** The answer to a call without `stream`. The same call always gets the same text and usage. */
export function completion(chat: SimulatedChat, identity: Identity): JsonObject {
  const content = answerText(chat);
  return {
    ...identity,
    object: "chat.completion",
    model: chat.model,
    choices: [{ index: 0, message: { role: "assistant", content }, finish_reason: "stop" }],
    usage: usageOf(chat, content),
  };
}

/** The events of a streamed answer, without the final `[DONE]`. A chunk a word; joined, they are the text of `completion`. */
export function completionChunks(chat: SimulatedChat, identity: Identity, dialect: Dialect): readonly JsonObject[] {
  const content = answerText(chat);
  const usage = usageOf(chat, content);
  const hasUsageChunk = chat.wantsUsage && !dialect.alwaysStreamsUsage;
  const chunk = (choices: Json, more: JsonObject = hasUsageChunk ? { usage: null } : {}): JsonObject => ({
    ...identity,
    object: "chat.completion.chunk",
    model: chat.model,
    choices,
    ...more,
  });
  const delta = (piece: JsonObject): JsonObject => chunk([{ index: 0, delta: piece, finish_reason: null }]);
  const last = [{ index: 0, delta: {}, finish_reason: "stop" }];
  return [
    delta({ role: "assistant", content: "" }),
    ...wordsOf(content).map((word) => delta({ content: word })),
    dialect.alwaysStreamsUsage ? chunk(last, { usage }) : chunk(last),
    ...(hasUsageChunk ? [chunk([], { usage })] : []),
  ];
}

export function modelList(dialect: Dialect): JsonObject {
  const data = dialect.models.map((id) => ({ id, object: "model", created: 0, owned_by: dialect.provider }));
  return { object: "list", data };
}

function answerText(chat: SimulatedChat): string {
  const question = textOf(chat.messages.findLast((message) => message["role"] === "user") ?? chat.messages.at(-1));
  const start = /^.{0,80}/u.exec(question.replaceAll(/\s+/g, " "))?.[0] ?? "";
  return `This is a simulated answer of ${chat.model} to: ${start}`;
}

function textOf(message: JsonObject | undefined): string {
  const content = message?.["content"];
  if (typeof content === "string") return content;
  if (!Array.isArray(content)) return "";
  return content.map((part) => (isJsonObject(part) && typeof part["text"] === "string" ? part["text"] : "")).join("\n");
}

/** Every word with the white space after it, so that joining gives the text back. */
function wordsOf(text: string): readonly string[] {
  return text.match(/\S+\s*/g) ?? [];
}

/** One token a word: enough for tests of cost and statistics. */
function usageOf(chat: SimulatedChat, content: string): JsonObject {
  const prompt = chat.messages.reduce((sum, message) => sum + wordsOf(textOf(message)).length, 0);
  const answer = wordsOf(content).length;
  return { prompt_tokens: prompt, completion_tokens: answer, total_tokens: prompt + answer };
}
