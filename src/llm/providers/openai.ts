import { openAiCompatible } from "../openai-compatible.ts";

export const openaiProvider = openAiCompatible({
  name: "openai",
  chat: "https://api.openai.com/v1/chat/completions",
  translated: { limit: "max_completion_tokens" },
});
