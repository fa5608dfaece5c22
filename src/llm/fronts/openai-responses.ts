import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { type ChatMessage, type ChatRequest, invalidRequest, nameOf, parseBody } from "../chat.ts";
import type { Front } from "../front.ts";
import { countOf, parseObject, textOf } from "../read-answer.ts";
import { createReader, type Usage } from "../usage.ts";
import { openaiErrorBody, openaiErrorEvent } from "./openai-errors.ts";

/** For providers that have them: calls and answers pass as they are. https://platform.openai.com/docs/api-reference/responses */
export const openaiResponsesFront: Front = {
  format: "openai",
  operation: "responses",
  serves: "responses",
  readCall,
  createUsageReader: (isStream) => createReader(isStream, readUsage),
  errorBody: openaiErrorBody,
  errorEvent: openaiErrorEvent,
};

function readCall(bytes: Buffer): ChatRequest {
  const body = parseBody(bytes);
  const { input, prompt, instructions } = body;
  const isAsked = (typeof input === "string" && input !== "") || (Array.isArray(input) && input.length > 0);
  if (!isAsked && !isJsonObject(prompt))
    throw invalidRequest("request body doesn't contain valid prompts: input is missing or empty");
  const system: ChatMessage[] = typeof instructions === "string" ? [{ role: "system", content: instructions }] : [];
  return {
    bytes,
    body,
    messages: [...system, ...readMessages(input)],
    model: nameOf(body["model"]),
    isStream: body["stream"] === true,
  };
}

/** Of the items those that somebody said; results of tools and what the service keeps are not for routing. */
function readMessages(input: Json | undefined): readonly ChatMessage[] {
  if (typeof input === "string") return [{ role: "user", content: input }];
  if (!Array.isArray(input)) return [];
  return input
    .filter(isJsonObject)
    .flatMap(({ role, content }: JsonObject) =>
      typeof role === "string" ? [{ role, content: readContent(content) }] : [],
    );
}

function readContent(content: Json | undefined): string {
  if (!Array.isArray(content)) return textOf(content);
  return content.map((part) => (isJsonObject(part) ? textOf(part["text"]) : "")).join("\n");
}

/** Of an answer, or of the event that holds it when it is complete. */
function readUsage(text: string): Usage | undefined {
  const answer = parseObject(text);
  const usage = isJsonObject(answer?.["response"]) ? answer["response"]["usage"] : answer?.["usage"];
  if (!isJsonObject(usage) || typeof usage["input_tokens"] !== "number") return undefined;
  const { input_tokens: input, output_tokens: output, input_tokens_details: details } = usage;
  const completion = countOf(output);
  return {
    prompt_tokens: input,
    completion_tokens: completion,
    total_tokens: input + completion,
    ...(isJsonObject(details) && { prompt_tokens_details: details }),
  };
}
