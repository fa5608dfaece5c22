import { type ChatRequest, invalidRequest, nameOf, parseBody } from "../chat.ts";
import type { Front } from "../front.ts";
import { writeMessage } from "./anthropic/answer.ts";
import { anthropicErrorBody, anthropicErrorEvent, writeFailure } from "./anthropic/errors.ts";
import { Losses } from "./anthropic/losses.ts";
import { toChatMessages, toSystemText } from "./anthropic/messages.ts";
import { toChatSettings } from "./anthropic/settings.ts";
import { MessageStreamWriter } from "./anthropic/stream.ts";
import { translatedCall } from "./translated-call.ts";

/** The Messages API, in front of any provider: https://docs.claude.com/en/api/messages. */
export const anthropicMessagesFront: Front = {
  format: "anthropic",
  operation: "chat",
  serves: "Anthropic's messages",
  readCall,
  answers: {
    idPrefix: "msg_",
    writeChat: writeMessage,
    writeFailure,
    openStream: (identity) => new MessageStreamWriter(identity),
  },
  errorBody: anthropicErrorBody,
  errorEvent: anthropicErrorEvent,
};

function readCall(bytes: Buffer, path: string): ChatRequest {
  // They share the body's format, and would be answered, and charged for, as if they were messages.
  if (/\/messages\/(?:count_tokens|batches)(?:\/|$)/.test(path))
    throw invalidRequest("this route serves Anthropic's messages: neither the counting of tokens nor batches");
  const body = parseBody(bytes);
  const { messages } = body;
  if (!Array.isArray(messages) || messages.length === 0)
    throw invalidRequest("request body doesn't contain valid prompts");
  const losses = new Losses();
  const system = toSystemText(body["system"], losses);
  const turns = toChatMessages(messages, losses);
  return translatedCall({
    bytes,
    body,
    messages: system === "" ? turns : [{ role: "system", content: system }, ...turns],
    settings: toChatSettings(body, losses),
    model: nameOf(body["model"]),
    isStream: body["stream"] === true,
    losses,
  });
}
