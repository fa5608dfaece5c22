import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { type ChatMessage, type ChatRequest, invalidRequest, parseBody } from "../chat.ts";
import type { ClientFailure, Front } from "../front.ts";
import { textOf } from "../read-answer.ts";
import { nameInPath } from "./name-in-path.ts";

/**
 * Bedrock's own format, for Bedrock only; the model and whether to stream are in the path.
 * https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html
 */
export const bedrockConverseFront: Front = {
  format: "bedrock",
  operation: "chat",
  serves: "Bedrock's Converse",
  readCall,
  errorBody,
  // Its streams are binary, and AWS's clients raise an error when one is cut.
  errorEvent: () => "",
};

function readCall(bytes: Buffer, path: string): ChatRequest {
  const [, name = "", method] = /\/model\/([^/]+)\/(converse|converse-stream)$/.exec(path) ?? [];
  if (method === undefined)
    throw invalidRequest("the path must end with /model/{model}/converse or /model/{model}/converse-stream");
  const body = parseBody(bytes);
  const { messages, system } = body;
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalidRequest("request body doesn't contain valid prompts: messages is missing or empty");
  const turns = messages.map((message: Json) => toMessage(message));
  return {
    bytes,
    body,
    messages: Array.isArray(system) ? [{ role: "system", content: textsOf(system) }, ...turns] : turns,
    model: nameInPath(name),
    isStream: method === "converse-stream",
    native: { bytes, body, lost: [], refusal: undefined },
  };
}

/** For routing, which goes by text. */
function toMessage(message: Json): ChatMessage {
  if (!isJsonObject(message)) throw invalidRequest("request body doesn't contain valid prompts: messages are objects");
  return { role: message["role"] === "assistant" ? "assistant" : "user", content: textsOf(message["content"]) };
}

function textsOf(blocks: Json | undefined): string {
  const texts = (Array.isArray(blocks) ? blocks : []).filter(isJsonObject).map(({ text }: JsonObject) => textOf(text));
  return texts.filter((text) => text !== "").join("\n");
}

/** https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html#API_runtime_Converse_Errors */
function errorBody({ code, status, message }: ClientFailure): string {
  return JSON.stringify({ __type: kinds[status] ?? kindFor(status), message, reason: code });
}

function kindFor(status: number): string {
  return status < 500 ? "ValidationException" : "InternalServerException";
}

const kinds: Readonly<Record<number, string>> = {
  401: "AccessDeniedException",
  403: "AccessDeniedException",
  404: "ResourceNotFoundException",
  429: "ThrottlingException",
  503: "ServiceUnavailableException",
};
