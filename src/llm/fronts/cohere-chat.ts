import { type ChatRequest, parseChatRequest } from "../chat.ts";
import type { ClientFailure, Front } from "../front.ts";

/** Cohere's own format, for Cohere only; its messages look like OpenAI's. https://docs.cohere.com/reference/chat */
export const cohereChatFront: Front = {
  format: "cohere",
  operation: "chat",
  serves: "Cohere's chat",
  readCall,
  errorBody,
  errorEvent: ({ message }) =>
    `\n\nevent: message-end\ndata: ${JSON.stringify({ type: "message-end", delta: { finish_reason: "ERROR", error: message } })}\n\n`,
};

function readCall(bytes: Buffer): ChatRequest {
  const call = parseChatRequest(bytes);
  return { ...call, native: { bytes, body: call.body, lost: [], refusal: undefined } };
}

/** https://docs.cohere.com/reference/errors */
function errorBody({ code, message }: ClientFailure): string {
  return JSON.stringify({ message, code: code.toLowerCase() });
}
