import { Mistral } from "@mistralai/mistralai";
import { MistralError } from "@mistralai/mistralai/models/errors";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prompts } from "../support/anthropic-simulator.ts";
import { type ClientGateway, startClientGateway } from "../support/client-gateway.ts";

let running: ClientGateway;
let client: Mistral;

beforeAll(async () => {
  running = await startClientGateway();
  client = new Mistral({ apiKey: "client's", serverURL: running.origin, retryConfig: { strategy: "none" } });
});
afterAll(() => running.close());

const ask = (content: string) => ({ model: "any", messages: [{ role: "user" as const, content }] });
const weather = {
  type: "function" as const,
  function: { name: "weather", parameters: { type: "object", properties: { city: { type: "string" } } } },
};

test("gets a chat", async () => {
  const { choices, usage, model } = await client.chat.complete(ask("tea?"));
  expect(choices[0]).toMatchObject({ finishReason: "stop", message: { role: "assistant", content: "Tea." } });
  expect(usage).toMatchObject({ promptTokens: 10, completionTokens: 5, totalTokens: 15 });
  expect(model).toBe("claude-simulated");
});

test("gets a stream", async () => {
  let text = "";
  let reason: unknown;
  for await (const { data } of await client.chat.stream(ask("tea?"))) {
    const piece = data.choices[0]?.delta.content;
    if (typeof piece === "string") text += piece;
    reason = data.choices[0]?.finishReason ?? reason;
  }
  expect([text, reason]).toEqual(["Tea.", "stop"]);
});

test("calls a tool and hands back its result", async () => {
  const asked = ask("weather?");
  const first = await client.chat.complete({ ...asked, tools: [weather], toolChoice: "any" });
  const message = first.choices[0]?.message;
  const call = message?.toolCalls?.[0];
  expect([first.choices[0]?.finishReason, call?.function]).toEqual([
    "tool_calls",
    { name: "weather", arguments: '{"city":"Wien"}' },
  ]);
  if (message === undefined || call?.id === undefined) throw new Error("The answer has no call with an id.");
  const second = await client.chat.complete({
    ...asked,
    tools: [weather],
    messages: [
      ...asked.messages,
      { ...message, role: "assistant" },
      { role: "tool", content: "sunny", toolCallId: call.id },
    ],
  });
  expect(second.choices[0]?.message?.content).toBe("It is sunny.");
});

test("gets JSON by a schema", async () => {
  const schemaDefinition = { type: "object", properties: { answer: { type: "number" } }, additionalProperties: false };
  const { choices } = await client.chat.complete({
    ...ask("answer?"),
    responseFormat: { type: "json_schema", jsonSchema: { name: "answer", schemaDefinition } },
  });
  expect(choices[0]?.message?.content).toBe('{"answer":42}');
});

test("raises the provider's refusal, and a stream that breaks off", async () => {
  const refused = await client.chat.complete(ask(prompts.refuse)).catch((thrown: unknown) => thrown);
  expect(refused).toBeInstanceOf(MistralError);
  expect(refused).toMatchObject({ statusCode: 429, body: expect.stringContaining("Slow down.") as string });
  const broken = (async () => {
    for await (const _ of await client.chat.stream(ask(prompts.breakOff)));
  })();
  await expect(broken).rejects.toThrow();
});

test("ends the provider's request when it aborts", async () => {
  const controller = new AbortController();
  const seen = running.upstream.requests.length;
  const answer = client.chat.complete(ask(prompts.hold), { fetchOptions: { signal: controller.signal } });
  await expect.poll(() => running.upstream.requests.length).toBe(seen + 1);
  controller.abort();
  await expect(answer).rejects.toThrow();
  await running.upstream.requests.at(-1)?.gone;
});
