import { isJsonObject, type Json, type JsonObject } from "../../../core/json.ts";
import { type ChatMessage, invalidRequest } from "../../chat.ts";
import { textOf } from "../../read-answer.ts";
import type { Losses } from "./losses.ts";

/** Throws RequestError GW_REQUEST_INVALID when the messages are none of this format. */
export function toChatMessages(messages: readonly Json[], losses: Losses): readonly ChatMessage[] {
  return messages.flatMap((message, index): readonly ChatMessage[] => {
    const at = `messages[${index}]`;
    const role = isJsonObject(message) ? message["role"] : undefined;
    if (!isJsonObject(message) || (role !== "user" && role !== "assistant" && role !== "system"))
      throw invalidRequest(`${at} needs the role user, assistant or system`);
    if (role === "system") return [{ role, content: toSystemText(message["content"], losses) }];
    const blocks = readBlocks(message["content"], `${at}.content`);
    return role === "user" ? toUserMessages(blocks, losses) : [toAssistantMessage(blocks, losses)];
  });
}

/** The texts of `system`, which is text or a list of blocks. */
export function toSystemText(system: Json | undefined, losses: Losses): string {
  if (system === undefined || system === null) return "";
  return readBlocks(system, "system")
    .map((block) => toText(block, losses))
    .join("\n\n");
}

function readBlocks(content: Json | undefined, at: string): readonly JsonObject[] {
  if (typeof content === "string") return content === "" ? [] : [{ type: "text", text: content }];
  if (!Array.isArray(content)) throw invalidRequest(`${at} is neither text nor a list of blocks`);
  return content.map((block: Json, index) => {
    if (isJsonObject(block) && typeof block["type"] === "string") return block;
    throw invalidRequest(`${at}[${index}] needs a type`);
  });
}

/** Results of tools are messages of their own, and come first: they answer the assistant's calls, which stand right before. */
function toUserMessages(blocks: readonly JsonObject[], losses: Losses): readonly ChatMessage[] {
  const results: ChatMessage[] = [];
  const parts: JsonObject[] = [];
  for (const block of blocks) {
    if (block["type"] !== "tool_result") {
      parts.push(...toParts(block, losses));
      continue;
    }
    const { content, is_error: isError, tool_use_id: id } = block;
    if (isError === true) losses.ignore("is_error");
    const said = content === undefined || content === null ? [] : readBlocks(content, "tool_result.content");
    const texts = said.filter(({ type }) => type === "text");
    const others = said.filter(({ type }) => type !== "text");
    if (others.length > 0) losses.note("limited:tool_result");
    parts.push(...others.flatMap((other) => toParts(other, losses)));
    const text = texts.map(({ text: piece }) => textOf(piece)).join("\n");
    results.push({ role: "tool", tool_call_id: textOf(id), content: text } as ChatMessage);
  }
  return parts.length === 0 ? results : [...results, { role: "user", content: simplified(parts) } as ChatMessage];
}

/** Many servers that speak OpenAI's format take text as text only. */
function simplified(parts: readonly JsonObject[]): string | readonly JsonObject[] {
  const [part] = parts;
  return parts.length === 1 && part?.["type"] === "text" ? textOf(part["text"]) : parts;
}

function toParts(block: JsonObject, losses: Losses): readonly JsonObject[] {
  const { type, text, source } = block;
  if (type === "text") {
    noteCaching(block, losses);
    return [{ type: "text", text: textOf(text) }];
  }
  const part = isJsonObject(source) ? toMedia(type, source, block["title"]) : undefined;
  if (part !== undefined) return [part];
  losses.refuse(textOf(type));
  return [];
}

function toMedia(type: Json | undefined, source: JsonObject, title: Json | undefined): JsonObject | undefined {
  const { type: kind, url, media_type: mediaType, data } = source;
  const dataUrl = `data:${textOf(mediaType)};base64,${textOf(data)}`;
  if (type === "image" && kind === "url") return { type: "image_url", image_url: { url: textOf(url) } };
  if (type === "image" && kind === "base64") return { type: "image_url", image_url: { url: dataUrl } };
  if (type === "document" && kind === "text") return { type: "text", text: textOf(data) };
  if (type === "document" && kind === "base64")
    return { type: "file", file: { filename: textOf(title) || "document.pdf", file_data: dataUrl } };
  return undefined;
}

function toAssistantMessage(blocks: readonly JsonObject[], losses: Losses): ChatMessage {
  const texts: string[] = [];
  const calls: JsonObject[] = [];
  for (const block of blocks) {
    const { type, id, name, input } = block;
    if (type === "tool_use") {
      const called = { name: textOf(name), arguments: JSON.stringify(input ?? {}) };
      calls.push({ id: textOf(id), type: "function", function: called });
    } else if (type === "thinking" || type === "redacted_thinking") losses.ignore("thinking");
    else texts.push(toText(block, losses));
  }
  const content = texts.length === 0 ? null : texts.join("");
  return { role: "assistant", content, ...(calls.length > 0 && { tool_calls: calls }) };
}

/** Where nothing but text can stand. */
function toText(block: JsonObject, losses: Losses): string {
  if (block["type"] === "text") {
    noteCaching(block, losses);
    return textOf(block["text"]);
  }
  losses.refuse(textOf(block["type"]));
  return "";
}

/** Other providers cache by themselves, or not at all. */
function noteCaching({ cache_control: control }: JsonObject, losses: Losses): void {
  if (isJsonObject(control)) losses.ignore("cache_control");
}
