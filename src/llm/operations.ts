import type { JsonObject } from "../core/json.ts";
import type { Operation } from "./front.ts";

/** Whether a provider takes the operation as OpenAI's clients ask for it. Chat is for all. */
export function servesOperation(provider: string, options: JsonObject, operation: Operation): boolean {
  if (options[`${provider}_format`] === "ollama") return false;
  return beyondChat[provider]?.includes(operation) ?? false;
}

/** From the vendors' API references; those that serve chat alone have no row. */
const beyondChat: Readonly<Record<string, readonly Operation[]>> = {
  openai: ["completions", "embeddings", "responses"],
  azure: ["completions", "embeddings", "responses"],
  mistral: ["embeddings"],
  xai: ["completions", "responses"],
  cerebras: ["completions"],
  dashscope: ["embeddings"],
  databricks: ["completions", "embeddings"],
  huggingface: ["responses"],
  llama2: ["completions"],
  vllm: ["completions", "embeddings", "responses"],
};

/** What the last part of an endpoint's path is for each operation, in place of chat's. */
export function pathFor(chatPath: string, operation: Operation): string {
  if (operation === "chat") return chatPath;
  if (operation === "responses" && azureDeployment.test(chatPath))
    return chatPath.replace(azureDeployment, "/responses");
  return chatPath.replace(/\/chat\/completions(?=$|\?)/, `/${operation}`);
}

/** Azure's responses name the model in the body, not in the path. */
const azureDeployment = /\/deployments\/[^/]+\/chat\/completions(?=$|\?)/;

/** How an operation names what `model.options` configures. */
export const optionMembers: Readonly<Record<Operation, readonly (readonly [option: string, member: string])[]>> = {
  chat: [
    ["max_tokens", "max_tokens"],
    ["temperature", "temperature"],
    ["top_p", "top_p"],
  ],
  completions: [
    ["max_tokens", "max_tokens"],
    ["temperature", "temperature"],
    ["top_p", "top_p"],
  ],
  responses: [
    ["max_tokens", "max_output_tokens"],
    ["temperature", "temperature"],
    ["top_p", "top_p"],
  ],
  embeddings: [["embeddings_dimensions", "dimensions"]],
};
