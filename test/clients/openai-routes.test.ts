import OpenAI, { APIError, BadRequestError } from "openai";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { type AiGateway, startAiGateway } from "../support/ai-gateway.ts";
import { aiConfig, aiTarget } from "../support/ai-plugin.ts";
import { type FakeUpstream, type ReceivedRequest, startFakeUpstream } from "../support/fake-upstream.ts";

type Target = Parameters<typeof aiConfig>[0][number];

let upstream: FakeUpstream;
let gateway: AiGateway;
let client: OpenAI;

async function start(
  route: Target["route_type"],
  provider: Target["model"]["provider"],
  options: object = {},
): Promise<void> {
  upstream = await startFakeUpstream();
  const url = { azure_api_version: "", upstream_url: `${upstream.origin}/v1/chat/completions` };
  const target = aiTarget(upstream.origin, {
    model: { provider, name: "configured", options: { ...url, ...options } },
  });
  const logging = { log_statistics: true, log_payloads: false };
  const config = aiConfig([{ ...target, route_type: route, logging }], { balancer: { algorithm: "round-robin" } });
  gateway = await startAiGateway(config);
  client = new OpenAI({ apiKey: "client's", baseURL: `http://127.0.0.1:${gateway.port}`, maxRetries: 0 });
}

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const json = { "content-type": "application/json" };
const eventStream = { "content-type": "text/event-stream" };

function bodyOf({ body }: ReceivedRequest): JsonObject {
  return JSON.parse(body.toString()) as JsonObject;
}

describe("completions", () => {
  const asked = { model: "any", prompt: "Say tea" };

  test("pass to a provider that has them", async () => {
    await start("llm/v1/completions", "openai", { max_tokens: 9 });
    const answer = client.completions.create({ ...asked, prompt: ["a", "b"], echo: true });
    const received = await upstream.next();
    expect(received.path).toBe("/v1/completions");
    expect(bodyOf(received)).toEqual({
      model: "configured",
      prompt: ["a", "b"],
      echo: true,
      stream: false,
      max_tokens: 9,
    });
    const given = {
      id: "cmpl-1",
      object: "text_completion",
      choices: [{ index: 0, text: "tea", finish_reason: "stop" }],
    };
    received.answer(200, json, JSON.stringify(given));
    expect(await answer).toMatchObject(given);
  });

  test("become chats for a provider that has none", async () => {
    await start("llm/v1/completions", "anthropic");
    const answer = client.completions.create({ ...asked, suffix: "!", stop: "X" }).withResponse();
    const received = await upstream.next();
    expect(bodyOf(received)).toMatchObject({
      messages: [{ role: "user", content: [{ type: "text", text: "Say tea" }] }],
      stop_sequences: ["X"],
    });
    const message = {
      id: "msg_1",
      model: "claude",
      content: [{ type: "text", text: "tea" }],
      stop_reason: "end_turn",
      usage: { input_tokens: 2, output_tokens: 1 },
    };
    received.answer(200, json, JSON.stringify(message));
    const { data, response } = await answer;
    expect(data).toMatchObject({
      object: "text_completion",
      model: "claude",
      choices: [{ text: "tea", index: 0, finish_reason: "stop" }],
      usage: { prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 },
    });
    expect(response.headers.get("x-gw-warnings")).toBe("ignored:suffix, defaulted:max_tokens");
    await expect(client.completions.create({ ...asked, prompt: ["a", "b"] })).rejects.toBeInstanceOf(BadRequestError);
  });

  test("are streamed by a provider that has none", async () => {
    await start("llm/v1/completions", "ollama");
    const opened = client.completions.create({ ...asked, stream: true, stream_options: { include_usage: true } });
    const lines = [
      { model: "m", message: { content: "t" }, done: false },
      { model: "m", message: { content: "ea" }, done: true, done_reason: "stop", prompt_eval_count: 2, eval_count: 1 },
    ];
    (await upstream.next()).answer(200, {}, `${lines.map((line) => JSON.stringify(line)).join("\n")}\n`);
    const chunks: OpenAI.Completion[] = [];
    for await (const chunk of await opened) chunks.push(chunk);
    expect(chunks.map(({ choices }) => choices[0]?.text ?? "").join("")).toBe("tea");
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("stop");
    expect(chunks.at(-1)?.usage).toEqual({ prompt_tokens: 2, completion_tokens: 1, total_tokens: 3 });
  });

  test("are no chats", async () => {
    await start("llm/v1/completions", "openai");
    const chat = client.chat.completions.create({ model: "any", messages: [{ role: "user", content: "tea" }] });
    await expect(chat).rejects.toThrow(
      "[llm/v1/chat] message format is not compatible with [llm/v1/completions] route type",
    );
  });
});

describe("embeddings", () => {
  test("pass with the target's model and dimensions, and are counted", async () => {
    await start("llm/v1/embeddings", "openai", { embeddings_dimensions: 3, input_cost: 1, output_cost: 1 });
    const answer = client.embeddings.create({ model: "any", input: ["tea", "coffee"] });
    const received = await upstream.next();
    expect(received.path).toBe("/v1/embeddings");
    expect(bodyOf(received)).toEqual({
      model: "configured",
      input: ["tea", "coffee"],
      encoding_format: "base64",
      dimensions: 3,
    });
    const embedding = Buffer.from(Float32Array.of(1, 0, 0).buffer).toString("base64");
    const data = [{ object: "embedding", index: 0, embedding }];
    received.answer(
      200,
      json,
      JSON.stringify({ object: "list", data, model: "m", usage: { prompt_tokens: 4, total_tokens: 4 } }),
    );
    expect((await answer).data[0]?.embedding).toEqual([1, 0, 0]);
    await expect(client.embeddings.create({ model: "any", input: "" })).rejects.toBeInstanceOf(BadRequestError);
  });
});

describe("responses", () => {
  const asked = { model: "any", input: [{ role: "user" as const, content: "tea" }] };

  test("pass with the target's model and limit", async () => {
    await start("llm/v1/responses", "openai", { max_tokens: 7 });
    const answer = client.responses.create({ ...asked, max_output_tokens: 99, store: false });
    const received = await upstream.next();
    expect(received.path).toBe("/v1/responses");
    expect(bodyOf(received)).toEqual({
      ...asked,
      model: "configured",
      store: false,
      max_output_tokens: 7,
      stream: false,
    });
    const output = [{ type: "message", role: "assistant", content: [{ type: "output_text", text: "Tea." }] }];
    received.answer(
      200,
      json,
      JSON.stringify({ id: "resp_1", object: "response", output, usage: { input_tokens: 1, output_tokens: 2 } }),
    );
    expect((await answer).output_text).toBe("Tea.");
  });

  test("are streamed event by event, and a stream that is cut raises an error", async () => {
    await start("llm/v1/responses", "openai");
    const opened = client.responses.create({ ...asked, stream: true });
    const received = await upstream.next();
    received.head(200, eventStream);
    await received.write(
      'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","delta":"T"}\n\n',
    );
    const types: string[] = [];
    const read = async (): Promise<void> => {
      for await (const event of await opened) {
        types.push(event.type);
        received.reset();
      }
    };
    await expect(read()).rejects.toBeInstanceOf(APIError);
    expect(types).toEqual(["response.output_text.delta"]);
  });
});
