import { isJsonObject, type Json } from "../../core/json.ts";
import { type ChatRequest, invalidRequest, nameOf, parseBody } from "../chat.ts";
import type { Front } from "../front.ts";
import { parseObject } from "../read-answer.ts";
import { createReader, type Usage } from "../usage.ts";
import { openaiErrorBody, openaiErrorEvent } from "./openai-errors.ts";

/** For providers that take OpenAI's format: https://platform.openai.com/docs/api-reference/embeddings. */
export const openaiEmbeddingsFront: Front = {
  format: "openai",
  operation: "embeddings",
  serves: "embeddings",
  readCall,
  createUsageReader: () => createReader(false, readUsage),
  errorBody: openaiErrorBody,
  errorEvent: openaiErrorEvent,
};

function readCall(bytes: Buffer): ChatRequest {
  const body = parseBody(bytes);
  const { input } = body;
  const inputs: readonly (Json | undefined)[] = Array.isArray(input) ? input : [input];
  if (inputs.length === 0 || inputs.some((each) => each === undefined || each === null || each === ""))
    throw invalidRequest("request body doesn't contain valid prompts: input is missing or empty");
  const text = inputs.filter((each) => typeof each === "string").join("\n");
  return { bytes, body, messages: [{ role: "user", content: text }], model: nameOf(body["model"]), isStream: false };
}

/** Nothing is completed. */
function readUsage(text: string): Usage | undefined {
  const usage = parseObject(text)?.["usage"];
  const prompt = isJsonObject(usage) ? usage["prompt_tokens"] : undefined;
  if (typeof prompt !== "number") return undefined;
  return { prompt_tokens: prompt, completion_tokens: 0, total_tokens: prompt };
}
