import { authorize } from "../authorize.ts";
import { endpointOf } from "../endpoint.ts";
import type { ProviderDriver } from "../provider.ts";
import { parseChat, parseFailure } from "./cohere/answer.ts";
import { buildNative } from "./cohere/native.ts";
import { buildChat } from "./cohere/request.ts";
import { openChatStream } from "./cohere/stream.ts";

/** Version 2 of the chat API: https://docs.cohere.com/reference/chat. */
export const cohereProvider: ProviderDriver = {
  name: "cohere",
  endpoint: (options) => endpointOf("cohere", options, () => "https://api.cohere.com/v2/chat"),
  buildChat,
  authorize,
  native: { format: "cohere", build: buildNative },
  translator: () => ({ parseChat, openChatStream, parseFailure }),
};
