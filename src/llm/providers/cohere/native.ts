import type { UpstreamRequest } from "../../../core/http-message.ts";
import { type ChatRequest, invalidRequest } from "../../chat.ts";
import type { Built, ProviderTarget } from "../../provider.ts";
import { modelOf } from "../../settings.ts";
import { type MemberEdit, spliceMembers } from "../../splice.ts";

/** The call as a Cohere client wrote it, with the target's model. */
export function buildNative(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> {
  const { native, isStream } = call;
  if (native === undefined) throw invalidRequest("the call is not in Cohere's format");
  const edits: MemberEdit[] = [{ name: "model", json: JSON.stringify(modelOf(call, target)) }];
  if (isStream && native.body["stream"] !== true) edits.push({ name: "stream", json: "true" });
  const { origin, path } = target.endpoint;
  const headers = ["content-type", "application/json"];
  return { request: { method: "POST", origin, path, headers, body: spliceMembers(native.bytes, edits) }, warnings: [] };
}
