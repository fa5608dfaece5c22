import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { authorize } from "../authorize.ts";
import { endpointOf, hostLabel, pathSegment } from "../endpoint.ts";
import type { Endpoint, ProviderDriver } from "../provider.ts";
import { parseChat, parseFailure } from "./gemini/answer.ts";
import { buildNative } from "./gemini/native.ts";
import { buildChat } from "./gemini/request.ts";
import { openChatStream } from "./gemini/stream.ts";

/** The Gemini API, public or in Vertex AI: https://ai.google.dev/api/generate-content. `{model}` in a URL stands for the model's name. */
export const geminiProvider: ProviderDriver = {
  name: "gemini",
  endpoint: toEndpoint,
  buildChat,
  authorize,
  native: { format: "gemini", build: buildNative, keyParameter: "key" },
  translator: () => ({ parseChat, openChatStream, parseFailure }),
};

function toEndpoint({ gemini, ...options }: JsonObject): Endpoint {
  return endpointOf("gemini", options, () =>
    isJsonObject(gemini) && gemini["project_id"] !== undefined ? vertexUrl(gemini) : PUBLIC_URL,
  );
}

const PUBLIC_URL = "https://generativelanguage.googleapis.com/v1beta/models/{model}:generateContent";

/** https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference; `endpoint_id` is a tuned model of one's own. */
function vertexUrl({
  api_endpoint: host,
  project_id: project,
  location_id: location,
  endpoint_id: id,
}: JsonObject): string {
  const segment = (option: string, value: unknown): string =>
    pathSegment("gemini", `model.options.gemini.${option}`, value);
  const place = `projects/${segment("project_id", project)}/locations/${segment("location_id", location)}`;
  const model = id === undefined ? "publishers/google/models/{model}" : `endpoints/${segment("endpoint_id", id)}`;
  return `https://${hostLabel("gemini", "gemini.api_endpoint", host)}/v1/${place}/${model}:generateContent`;
}
