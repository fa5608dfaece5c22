import { byFormat } from "../by-format.ts";
import { selfHostedEndpoint } from "../endpoint.ts";
import { openAiCompatible } from "../openai-compatible.ts";
import { ollamaServer } from "./ollama.ts";

const openai = openAiCompatible({
  name: "llama2",
  chat: (options) => selfHostedEndpoint("llama2", options, "/v1/chat/completions"),
});
const ollama = ollamaServer("llama2");

export const llama2Provider = byFormat("llama2", (options) =>
  options["llama2_format"] === "ollama" ? ollama : openai,
);
