import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import { RequestError } from "../../core/errors.ts";
import { type ChatRequest, parseChatRequest, unreadableBody } from "../../llm/chat.ts";
import type { Front } from "../../llm/front.ts";
import type { ExchangeRequest } from "../plugin.ts";

/** Before the body is read. Throws RequestError GW_REQUEST_METHOD or GW_REQUEST_INVALID. */
export function checkClientRequest(request: ExchangeRequest, { serves }: Front): void {
  if (request.method !== "POST") {
    throw new RequestError(
      "GW_REQUEST_METHOD",
      `This route serves ${serves}: send a POST with a JSON body, not ${request.method}.`,
    );
  }
  const contentType = request.header("content-type");
  // Kong once let requests without a Content-Type past its checks: missing means JSON.
  if (contentType !== undefined && contentType !== "application/json" && !isJson.test(contentType)) {
    throw new RequestError("GW_REQUEST_INVALID", unreadableBody);
  }
}

const isJson = /^\s*(?:application\/(?:[\w.+-]+\+)?json)?\s*(?:;|$)/i;

/** Applies `response_streaming`. Throws RequestError GW_REQUEST_INVALID in Kong's words. */
export function readCall(
  front: Front,
  body: Buffer,
  path: string,
  streaming: AiProxyAdvancedConfig["response_streaming"],
): ChatRequest {
  const call = front.readCall(body, path);
  if (streaming === "always" && !call.isStream && front.operation !== "embeddings") return { ...call, isStream: true };
  if (streaming === "deny" && call.isStream) {
    throw new RequestError("GW_REQUEST_INVALID", "response streaming is not enabled for this LLM");
  }
  return call;
}

/** What is asked without being sent is a chat in OpenAI's format, whatever the route's clients speak. */
export function readProbe(
  front: Front,
  body: Buffer,
  streaming: AiProxyAdvancedConfig["response_streaming"],
): ChatRequest {
  const isPlain = front.format === "openai" && front.operation === "chat";
  return readCall(isPlain ? front : { ...front, readCall: readForeignChat }, body, "", streaming);
}

function readForeignChat(bytes: Buffer): ChatRequest {
  const call = parseChatRequest(bytes);
  return { ...call, native: { bytes, body: call.body, lost: [], refusal: undefined } };
}
