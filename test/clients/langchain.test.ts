import { HumanMessage, ToolMessage } from "@langchain/core/messages";
import { ChatOpenAI } from "@langchain/openai";
import { afterAll, beforeAll, expect, test } from "vitest";
import { prompts } from "../support/anthropic-simulator.ts";
import { type ClientGateway, startClientGateway } from "../support/client-gateway.ts";

let running: ClientGateway;
let model: ChatOpenAI;

beforeAll(async () => {
  running = await startClientGateway();
  model = new ChatOpenAI({
    model: "any",
    apiKey: "client's",
    maxRetries: 0,
    useResponsesApi: false,
    configuration: { baseURL: running.origin },
  });
});
afterAll(() => running.close());

const city = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };
const weather = { type: "function" as const, function: { name: "weather", description: "Today's", parameters: city } };

test("gets a message", async () => {
  const { text, usage_metadata: usage } = await model.invoke("tea?");
  expect(text).toBe("Tea.");
  expect(usage).toMatchObject({
    input_tokens: 10,
    output_tokens: 5,
    total_tokens: 15,
    input_token_details: { cache_read: 3 },
  });
});

test("gets a stream", async () => {
  const texts: string[] = [];
  for await (const chunk of await model.stream("tea?")) texts.push(chunk.text);
  expect(texts.filter((text) => text !== "")).toEqual(["Te", "a."]);
});

test("calls a tool and hands back its result", async () => {
  const asked = new HumanMessage("weather?");
  const withTools = model.bindTools([weather]);
  const first = await withTools.invoke([asked]);
  const [call] = first.tool_calls ?? [];
  expect(call).toMatchObject({ name: "weather", args: { city: "Wien" } });
  const result = new ToolMessage({ content: "sunny", tool_call_id: call?.id ?? "" });
  expect((await withTools.invoke([asked, first, result])).text).toBe("It is sunny.");
});

test("gets JSON by a schema", async () => {
  const schema = { title: "answer", type: "object", properties: { answer: { type: "number" } }, required: ["answer"] };
  const structured = model.withStructuredOutput(schema, { method: "jsonSchema" });
  expect(await structured.invoke("answer?")).toEqual({ answer: 42 });
});

test("raises the provider's refusal, and a stream that breaks off", async () => {
  await expect(model.invoke(prompts.refuse)).rejects.toMatchObject({ status: 429 });
  const broken = (async () => {
    for await (const _ of await model.stream(prompts.breakOff));
  })();
  await expect(broken).rejects.toThrow();
});

test("ends the provider's request when it aborts", async () => {
  const controller = new AbortController();
  const read = (async () => {
    for await (const _ of await model.stream(prompts.hold, { signal: controller.signal })) controller.abort();
  })();
  await expect(read).rejects.toThrow();
  await running.upstream.requests.at(-1)?.gone;
});
