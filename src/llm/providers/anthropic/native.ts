import type { UpstreamRequest } from "../../../core/http-message.ts";
import { isJsonObject, type Json } from "../../../core/json.ts";
import { type ChatRequest, invalidRequest } from "../../chat.ts";
import type { Built, ProviderTarget } from "../../provider.ts";
import { modelOf } from "../../settings.ts";
import { type MemberEdit, spliceMembers } from "../../splice.ts";
import { versionHeader } from "./request.ts";

/** The call as an Anthropic client wrote it, with the target's model and options. */
export function buildNative(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> {
  const { native } = call;
  if (native === undefined) throw invalidRequest("the call is not in Anthropic's format");
  const edits: MemberEdit[] = [{ name: "model", json: JSON.stringify(modelOf(call, target)) }];
  if (call.isStream && native.body["stream"] !== true) edits.push({ name: "stream", json: "true" });
  for (const name of ["max_tokens", "temperature", "top_p", "top_k"]) {
    const value = target.options[name];
    const isClients = target.clientParams && typeof native.body[name] === "number";
    if (typeof value === "number" && !isClients) edits.push({ name, json: JSON.stringify(value) });
  }
  const messages = withoutForeignThoughts(native.body["messages"]);
  if (messages !== undefined) edits.push({ name: "messages", json: JSON.stringify(messages) });
  const { origin, path } = target.endpoint;
  const headers = ["content-type", "application/json", ...versionHeader(target.options)];
  return { request: { method: "POST", origin, path, headers, body: spliceMembers(native.bytes, edits) }, warnings: [] };
}

/** Thoughts of another provider's model are unsigned, and Anthropic refuses those; undefined when there are none. */
function withoutForeignThoughts(messages: Json | undefined): Json | undefined {
  if (!Array.isArray(messages)) return undefined;
  let isChanged = false;
  const kept = messages.map((message: Json): Json => {
    if (!isJsonObject(message) || !Array.isArray(message["content"])) return message;
    const content = message["content"].filter((block: Json) => !isForeignThought(block));
    if (content.length === message["content"].length) return message;
    isChanged = true;
    return { ...message, content };
  });
  return isChanged ? kept : undefined;
}

function isForeignThought(block: Json): boolean {
  return isJsonObject(block) && block["type"] === "thinking" && block["signature"] === "";
}
