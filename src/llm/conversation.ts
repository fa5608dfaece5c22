import { RequestError } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { ChatMessage, ChatRequest } from "./chat.ts";

/** A chat request's messages, read for providers that do not take OpenAI's format. */
export interface Conversation {
  /** The texts of all system and developer messages, in order. */
  readonly instructions: readonly string[];
  readonly turns: readonly Turn[];
}

export type Turn =
  | { readonly role: "user"; readonly parts: readonly UserPart[] }
  | { readonly role: "assistant"; readonly text: string; readonly toolCalls: readonly AskedToolCall[] }
  | { readonly role: "tool"; readonly toolCallId: string; readonly name: string; readonly text: string };

export type UserPart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "image-url"; readonly url: string }
  /** `data` is base64. */
  | { readonly kind: "image-data"; readonly mediaType: string; readonly data: string };

/** A call that the assistant made earlier in the conversation. */
export interface AskedToolCall {
  readonly id: string;
  readonly name: string;
  readonly input: JsonObject;
  /** ToolCall.signature, come back. */
  readonly signature: string | undefined;
}

/** Throws RequestError GW_REQUEST_INVALID for content that `provider` would never see: an answer to half a question is worse than none. */
export function readConversation({ messages }: ChatRequest, provider: string): Conversation {
  const instructions: string[] = [];
  const turns: Turn[] = [];
  const toolNames = new Map<string, string>();
  for (const [index, message] of messages.entries()) {
    const reader: MessageReader = { message, at: `messages[${index}]`, provider };
    if (message.role === "system" || message.role === "developer") instructions.push(textOf(reader));
    else turns.push(readTurn(reader, toolNames));
  }
  return { instructions, turns };
}

interface MessageReader {
  readonly message: ChatMessage;
  readonly at: string;
  readonly provider: string;
}

function readTurn(reader: MessageReader, toolNames: Map<string, string>): Turn {
  const { message, at } = reader;
  switch (message.role) {
    case "user":
      return { role: "user", parts: readParts(reader) };
    case "assistant": {
      const toolCalls = readToolCalls(reader);
      for (const { id, name } of toolCalls) toolNames.set(id, name);
      return { role: "assistant", text: textOf(reader), toolCalls };
    }
    case "tool": {
      const toolCallId = memberOf(message, "tool_call_id");
      if (typeof toolCallId !== "string") throw invalid(`${at} needs a tool_call_id`);
      return { role: "tool", toolCallId, name: toolNames.get(toolCallId) ?? toolCallId, text: textOf(reader) };
    }
    default:
      throw invalid(
        `${at} has the role "${message.role}", which is not one of system, developer, user, assistant, tool`,
      );
  }
}

function readParts(reader: MessageReader): readonly UserPart[] {
  const { content } = reader.message;
  if (content === undefined || content === null) return [];
  if (typeof content === "string") return [{ kind: "text", text: content }];
  return content.map((part): UserPart => {
    if (part.type === "text") return { kind: "text", text: part.text ?? "" };
    const image = part.type === "image_url" ? memberOf(part, "image_url") : undefined;
    const url = isJsonObject(image) ? image["url"] : image;
    if (typeof url === "string") return readImage(url);
    throw cannotExpress(reader, part.type);
  });
}

function readImage(url: string): UserPart {
  const data = /^data:([^;,]+)(?:;[^;,]+)*;base64,(.*)$/s.exec(url);
  if (data === null) return { kind: "image-url", url };
  return { kind: "image-data", mediaType: data[1] ?? "", data: data[2] ?? "" };
}

/** Of messages that can hold nothing but text. */
function textOf(reader: MessageReader): string {
  const { content } = reader.message;
  if (content === undefined || content === null) return "";
  if (typeof content === "string") return content;
  return content
    .map((part) => {
      if (part.type === "text") return part.text ?? "";
      const refusal = part.type === "refusal" ? memberOf(part, "refusal") : undefined;
      if (typeof refusal === "string") return refusal;
      throw cannotExpress(reader, part.type);
    })
    .join("");
}

function readToolCalls({ message, at }: MessageReader): readonly AskedToolCall[] {
  const calls = memberOf(message, "tool_calls") ?? [];
  if (!Array.isArray(calls)) throw invalid(`${at}.tool_calls is not a list`);
  return calls.map((call: Json, index) => {
    const called = isJsonObject(call) ? call["function"] : undefined;
    const id = isJsonObject(call) ? call["id"] : undefined;
    const where = `${at}.tool_calls[${index}]`;
    if (!isJsonObject(call) || !isJsonObject(called) || typeof called["name"] !== "string" || typeof id !== "string")
      throw invalid(`${where} needs an id and a function with a name`);
    const input = readArguments(called["arguments"], where);
    return { id, name: called["name"], input, signature: readSignature(call) };
  });
}

function readSignature({ extra_content: extra }: JsonObject): string | undefined {
  const google = isJsonObject(extra) ? extra["google"] : undefined;
  const signature = isJsonObject(google) ? google["thought_signature"] : undefined;
  return typeof signature === "string" ? signature : undefined;
}

function readArguments(text: Json | undefined, where: string): JsonObject {
  if (text === undefined || text === "") return {};
  try {
    const input: unknown = JSON.parse(typeof text === "string" ? text : "");
    if (isJsonObject(input)) return input;
  } catch {
    // Said below.
  }
  throw invalid(`${where}.function.arguments is not the JSON text of an object`);
}

function memberOf(record: object, name: string): Json | undefined {
  return (record as JsonObject)[name];
}

function cannotExpress({ at, provider }: MessageReader, kind: string): RequestError {
  return invalid(`${at} holds content of the type "${kind}", which cannot be sent to the provider ${provider}`);
}

function invalid(message: string): RequestError {
  return new RequestError("GW_REQUEST_INVALID", message);
}
