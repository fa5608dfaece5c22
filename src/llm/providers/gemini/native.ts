import { type ChatRequest, invalidRequest } from "../../chat.ts";
import { withModel } from "../../endpoint.ts";
import type { UpstreamRequest } from "../../../core/http-message.ts";
import type { Built, ProviderTarget } from "../../provider.ts";
import { modelOf } from "../../settings.ts";

/** The body as a Gemini client wrote it, to the target's model. The client says itself how a stream shall come (`alt=sse`). */
export function buildNative(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest> {
  const { native, isStream } = call;
  if (native === undefined) throw invalidRequest("the call is not in Gemini's format");
  const { origin, path: template } = target.endpoint;
  const named = withModel(template, modelOf(call, target));
  const path = isStream ? named.replace(/:generateContent(?=$|\?)/, ":streamGenerateContent") : named;
  const headers = ["content-type", "application/json"];
  return { request: { method: "POST", origin, path, headers, body: native.bytes }, warnings: [] };
}
