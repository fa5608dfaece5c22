import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { APICallError, generateText, jsonSchema, Output, stepCountIs, streamText, tool } from "ai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prompts } from "../support/anthropic-simulator.ts";
import { type ClientGateway, startClientGateway } from "../support/client-gateway.ts";

let running: ClientGateway;

beforeAll(async () => {
  running = await startClientGateway();
});
afterAll(() => running.close());

function call(prompt: string) {
  const provider = createOpenAICompatible({
    name: "gw",
    apiKey: "client's",
    baseURL: running.origin,
    includeUsage: true,
    supportsStructuredOutputs: true,
  });
  return { model: provider("any"), prompt, maxRetries: 0 };
}

const schema = jsonSchema<{ city: string }>({
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
});
const weather = tool({ inputSchema: schema, execute: ({ city }) => (city === "Wien" ? "sunny" : "rainy") });

test("gets a text", async () => {
  const { text, finishReason, usage } = await generateText(call("tea?"));
  expect([text, finishReason]).toEqual(["Tea.", "stop"]);
  expect(usage).toMatchObject({ inputTokens: 10, outputTokens: 5, totalTokens: 15 });
});

test("gets a stream with its usage", async () => {
  const { textStream, usage } = streamText(call("tea?"));
  const pieces: string[] = [];
  for await (const piece of textStream) pieces.push(piece);
  expect(pieces).toEqual(["Te", "a."]);
  expect(await usage).toMatchObject({ inputTokens: 10, outputTokens: 5, totalTokens: 15 });
});

test("runs a tool and goes on with its result", async () => {
  const { text, steps } = await generateText({ ...call("weather?"), tools: { weather }, stopWhen: stepCountIs(3) });
  expect([text, steps.length]).toEqual(["It is sunny.", 2]);
  const streamed = streamText({ ...call("weather?"), tools: { weather }, stopWhen: stepCountIs(3) });
  await streamed.consumeStream();
  expect(await streamed.text).toBe("It is sunny.");
});

test("gets JSON by a schema", async () => {
  const answer = jsonSchema<{ answer: number }>({
    type: "object",
    properties: { answer: { type: "number" } },
    required: ["answer"],
    additionalProperties: false,
  });
  const { output } = await generateText({ ...call("answer?"), output: Output.object({ schema: answer }) });
  expect(output).toEqual({ answer: 42 });
});

test("raises the provider's refusal, and a stream that breaks off", async () => {
  const refused = await generateText(call(prompts.refuse)).catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(APICallError);
  expect(refused).toMatchObject({ statusCode: 429, isRetryable: true, message: "Slow down." });
  const errors: unknown[] = [];
  const { textStream } = streamText({ ...call(prompts.breakOff), onError: ({ error }) => void errors.push(error) });
  let text = "";
  for await (const piece of textStream) text += piece;
  expect(text).toBe("Te");
  expect(errors).toHaveLength(1);
});

test("ends the provider's request when it aborts", async () => {
  const controller = new AbortController();
  const { textStream } = streamText({ ...call(prompts.hold), abortSignal: controller.signal });
  for await (const _ of textStream) controller.abort();
  await running.upstream.requests.at(-1)?.gone;
});
