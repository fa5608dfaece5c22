import { authorize } from "../authorize.ts";
import { selfHostedEndpoint } from "../endpoint.ts";
import type { ProviderDriver } from "../provider.ts";
import { openChatStream, parseChat, parseFailure } from "./ollama/answer.ts";
import { buildChat } from "./ollama/request.ts";

/** Ollama's own format, which `mistral_format` and `llama2_format` may name too: https://docs.ollama.com/api/chat. */
export function ollamaServer(name: string): ProviderDriver {
  return {
    name,
    endpoint: (options) => selfHostedEndpoint(name, options, "/api/chat"),
    buildChat,
    authorize,
    translator: () => ({ parseChat, openChatStream, parseFailure }),
  };
}

export const ollamaProvider = ollamaServer("ollama");
