import { openAiCompatible } from "../openai-compatible.ts";

/** `mistral_format: openai`, the only one that Mistral's own API speaks. */
export const mistralProvider = openAiCompatible({
  name: "mistral",
  chat: "https://api.mistral.ai/v1/chat/completions",
});
