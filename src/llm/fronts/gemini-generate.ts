import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { type ChatMessage, type ChatRequest, invalidRequest, parseBody } from "../chat.ts";
import type { ClientFailure, Front } from "../front.ts";
import { textOf } from "../read-answer.ts";
import { nameInPath } from "./name-in-path.ts";

/** Gemini's own format, for Gemini only; the model and whether to stream are in the path. https://ai.google.dev/api/generate-content */
export const geminiGenerateFront: Front = {
  format: "gemini",
  operation: "chat",
  serves: "Gemini's generateContent",
  readCall,
  errorBody,
  errorEvent: (failure) => `\n\ndata: ${errorBody(failure)}\n\n`,
};

function readCall(bytes: Buffer, path: string): ChatRequest {
  const [, name = "", method] = /\/([^/:]+):(generateContent|streamGenerateContent)$/.exec(path) ?? [];
  if (method === undefined)
    throw invalidRequest("the path must end with models/{model}:generateContent or :streamGenerateContent");
  const body = parseBody(bytes);
  const { contents, systemInstruction: system } = body;
  if (!Array.isArray(contents) || contents.length === 0)
    throw invalidRequest("request body doesn't contain valid prompts: contents is missing or empty");
  const messages = contents.map((content: Json) => toMessage(content));
  return {
    bytes,
    body,
    messages: isJsonObject(system) ? [{ role: "system", content: textsOf(system) }, ...messages] : messages,
    model: nameInPath(name),
    isStream: method === "streamGenerateContent",
    native: { bytes, body, lost: [], refusal: undefined },
  };
}

/** For routing, which goes by text. */
function toMessage(content: Json): ChatMessage {
  if (!isJsonObject(content)) throw invalidRequest("request body doesn't contain valid prompts: contents are objects");
  return { role: content["role"] === "model" ? "assistant" : "user", content: textsOf(content) };
}

function textsOf({ parts }: JsonObject): string {
  return (Array.isArray(parts) ? parts : [])
    .map((part: Json) => (isJsonObject(part) ? textOf(part["text"]) : ""))
    .join("\n");
}

/** https://ai.google.dev/gemini-api/docs/troubleshooting */
function errorBody({ code, status, message }: ClientFailure): string {
  const details = [{ "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason: code }];
  return JSON.stringify({ error: { code: status, message, status: words[status] ?? wordFor(status), details } });
}

function wordFor(status: number): string {
  return status < 500 ? "INVALID_ARGUMENT" : "INTERNAL";
}

const words: Readonly<Record<number, string>> = {
  401: "UNAUTHENTICATED",
  403: "PERMISSION_DENIED",
  404: "NOT_FOUND",
  429: "RESOURCE_EXHAUSTED",
  503: "UNAVAILABLE",
  504: "DEADLINE_EXCEEDED",
};
