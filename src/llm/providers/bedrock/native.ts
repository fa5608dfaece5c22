import type { UpstreamRequest } from "../../../core/http-message.ts";
import { type ChatRequest, invalidRequest } from "../../chat.ts";
import type { Built, ProviderTarget } from "../../provider.ts";
import { modelOf } from "../../settings.ts";
import { endpointFor } from "./request.ts";

/** The body as a client of Bedrock wrote it, to the target's model. */
export function buildNative(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> {
  const { native } = call;
  if (native === undefined) throw invalidRequest("the call is not in Bedrock's format");
  const { origin, path } = endpointFor(call, target, modelOf(call, target));
  const headers = ["content-type", "application/json"];
  return { request: { method: "POST", origin, path, headers, body: native.bytes }, warnings: [] };
}
