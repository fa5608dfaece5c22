import { RequestError } from "../core/errors.ts";
import { isJsonObject, type JsonObject } from "../core/json.ts";

/** A part of a message's content; kinds that gw does not know travel on untouched. */
export interface ContentPart {
  readonly type: string;
  readonly text?: string;
}

export interface ChatMessage {
  readonly role: string;
  readonly content?: string | readonly ContentPart[] | null;
}

/**
 * One chat request in OpenAI's format, as the client sent it or as its front has translated it. `body` is `bytes` parsed: drivers that speak
 * the same format splice `bytes` instead of writing `body` again.
 */
export interface ChatRequest {
  readonly bytes: Buffer;
  readonly body: JsonObject;
  readonly messages: readonly ChatMessage[];
  /** The client's `model`, when it is a non-empty string. */
  readonly model: string | undefined;
  readonly isStream: boolean;
  /** What the client sent, where that was in another format. */
  readonly native?: NativeCall;
}

/** A call in the client's own format, for providers that speak it too. */
export interface NativeCall {
  readonly bytes: Buffer;
  readonly body: JsonObject;
  /** Codes of what the translation has left out. */
  readonly lost: readonly string[];
  /** Why there is no translation: only a provider of the client's format can take the call. */
  readonly refusal: string | undefined;
}

/** Reads the body of an OpenAI chat request. Throws RequestError GW_REQUEST_INVALID, in Kong's words, when it is none. */
export function parseChatRequest(bytes: Buffer): ChatRequest {
  const body = parseBody(bytes);
  const { messages, prompt, model, stream } = body;
  const hasMessages = Array.isArray(messages) && messages.length > 0;
  const hasPrompt = typeof prompt === "string";
  if (hasMessages && hasPrompt) throw invalidRequest("request matches multiple LLM request formats");
  if (hasPrompt)
    throw invalidRequest("[llm/v1/completions] message format is not compatible with [llm/v1/chat] route type");
  if (!hasMessages) throw invalidRequest("request body doesn't contain valid prompts");
  return {
    bytes,
    body,
    messages: checkMessages(messages),
    model: nameOf(model),
    isStream: stream === true,
  };
}

/** A client's `model`; an empty one is none. */
export function nameOf(model: unknown): string | undefined {
  return typeof model === "string" && model !== "" ? model : undefined;
}

/** The text for everything that is not JSON of the right kind, the Content-Type included. */
export const unreadableBody = "content-type header does not match request body, or bad JSON formatting";

/** Throws RequestError GW_REQUEST_INVALID. */
export function parseBody(bytes: Buffer): JsonObject {
  let body: unknown;
  try {
    body = JSON.parse(bytes.toString());
  } catch {
    throw invalidRequest(unreadableBody);
  }
  if (!isJsonObject(body)) throw invalidRequest(unreadableBody);
  return body;
}

function checkMessages(messages: readonly unknown[]): readonly ChatMessage[] {
  for (const [index, message] of messages.entries()) {
    if (!isChatMessage(message)) {
      throw invalidRequest(
        `request body doesn't contain valid prompts: messages[${index}] needs a role, and content that is text, a list of parts or null`,
      );
    }
  }
  return messages as readonly ChatMessage[];
}

function isChatMessage(message: unknown): message is ChatMessage {
  if (!isJsonObject(message) || typeof message["role"] !== "string") return false;
  const content: unknown = message["content"];
  if (content === undefined || content === null || typeof content === "string") return true;
  return Array.isArray(content) && content.every(isContentPart);
}

function isContentPart(part: unknown): part is ContentPart {
  if (!isJsonObject(part) || typeof part["type"] !== "string") return false;
  return part["text"] === undefined || typeof part["text"] === "string";
}

/** A call that its sender must change. */
export function invalidRequest(message: string): RequestError {
  return new RequestError("GW_REQUEST_INVALID", message);
}
