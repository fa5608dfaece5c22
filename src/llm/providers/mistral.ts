import { byFormat } from "../by-format.ts";
import { openAiCompatible } from "../openai-compatible.ts";
import { ollamaServer } from "./ollama.ts";

/** What Mistral's own API speaks. */
const openai = openAiCompatible({
  name: "mistral",
  chat: "https://api.mistral.ai/v1/chat/completions",
  translated: { refusesStreamOptions: true },
});
const ollama = ollamaServer("mistral");

export const mistralProvider = byFormat("mistral", (options) =>
  options["mistral_format"] === "ollama" ? ollama : openai,
);
