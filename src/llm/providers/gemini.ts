import type { JsonObject } from "../../core/json.ts";
import { authorize } from "../authorize.ts";
import { endpointOf } from "../endpoint.ts";
import type { Endpoint, ProviderDriver } from "../provider.ts";
import { parseChat, parseFailure } from "./gemini/answer.ts";
import { buildChat } from "./gemini/request.ts";
import { openChatStream } from "./gemini/stream.ts";

/** The public Gemini API: https://ai.google.dev/api/generate-content. `{model}` in a URL stands for the model's name. */
export const geminiProvider: ProviderDriver = {
  name: "gemini",
  endpoint: toEndpoint,
  buildChat,
  authorize,
  translator: () => ({ parseChat, openChatStream, parseFailure }),
};

function toEndpoint(options: JsonObject): Endpoint {
  const usual = "https://generativelanguage.googleapis.com/v1beta/models/{model}:generateContent";
  return endpointOf("gemini", options, () => usual);
}
