import { authorize } from "../authorize.ts";
import { endpointOf } from "../endpoint.ts";
import type { ProviderDriver } from "../provider.ts";
import { parseChat, parseFailure } from "./anthropic/answer.ts";
import { buildNative } from "./anthropic/native.ts";
import { buildChat } from "./anthropic/request.ts";
import { openChatStream } from "./anthropic/stream.ts";

/** The Messages API: https://docs.claude.com/en/api/messages. */
export const anthropicProvider: ProviderDriver = {
  name: "anthropic",
  endpoint: (options) => endpointOf("anthropic", options, () => "https://api.anthropic.com/v1/messages"),
  buildChat,
  authorize,
  native: { format: "anthropic", build: buildNative },
  translator: () => ({ parseChat, openChatStream, parseFailure }),
};
