import Anthropic, {
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  RateLimitError,
} from "@anthropic-ai/sdk";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { type AiGateway, startAiGateway } from "../support/ai-gateway.ts";
import { aiConfig, aiTarget } from "../support/ai-plugin.ts";
import { type FakeUpstream, type ReceivedRequest, startFakeUpstream } from "../support/fake-upstream.ts";
import { parseAnthropicRequest } from "../support/anthropic-request.ts";
import { chatAnswer, chatStream, failedStream, weatherCall } from "../support/openai-answers.ts";

let upstream: FakeUpstream;
let gateway: AiGateway;
let client: Anthropic;

async function start(provider: "openai" | "anthropic", statistics = false): Promise<void> {
  upstream = await startFakeUpstream();
  const options = { azure_api_version: "", anthropic_version: "2023-06-01", upstream_url: `${upstream.origin}/chat` };
  const auth = { header_name: "x-api-key", header_value: "{vault://v/key}" };
  const target = aiTarget(upstream.origin, { model: { provider, name: "configured", options } });
  const logging = { log_statistics: statistics, log_payloads: false };
  gateway = await startAiGateway(
    aiConfig([{ ...target, logging, ...(target.auth && { auth: { ...target.auth, ...auth } }) }], {
      llm_format: "anthropic",
    }),
  );
  client = new Anthropic({ apiKey: "client's", baseURL: `http://127.0.0.1:${gateway.port}`, maxRetries: 0 });
}

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

const json = { "content-type": "application/json" };
const eventStream = { "content-type": "text/event-stream" };
const asked = { model: "claude", max_tokens: 100, messages: [{ role: "user" as const, content: "tea" }] };
/** Still sent by clients, though the library no longer types it. */
const oldMembers = { top_k: 5 };
const weather = {
  name: "weather",
  description: "Today's weather",
  input_schema: { type: "object" as const, properties: { city: { type: "string" } }, required: ["city"] },
};

function bodyOf({ body }: ReceivedRequest): JsonObject {
  return JSON.parse(body.toString()) as JsonObject;
}

describe("in front of a provider that speaks OpenAI's format", () => {
  beforeEach(() => start("openai"));

  test("asks in OpenAI's format, with nothing of the client's own key", async () => {
    const answer = client.messages.create({
      ...asked,
      system: [
        { type: "text", text: "Be brief." },
        { type: "text", text: "Be kind." },
      ],
      stop_sequences: ["END"],
      metadata: { user_id: "u1" },
      tools: [weather],
      tool_choice: { type: "any", disable_parallel_tool_use: true },
      messages: [
        {
          role: "user",
          content: [
            { type: "text", text: "Weather?" },
            { type: "image", source: { type: "base64", media_type: "image/png", data: "AAAA" } },
          ],
        },
        {
          role: "assistant",
          content: [
            { type: "text", text: "I look." },
            { type: "tool_use", id: "t1", name: "weather", input: { city: "Wien" } },
          ],
        },
        {
          role: "user",
          content: [
            { type: "tool_result", tool_use_id: "t1", content: [{ type: "text", text: "sunny" }] },
            { type: "text", text: "Well?" },
          ],
        },
      ],
    });
    const received = await upstream.next();
    received.answer(200, json, chatAnswer({ content: "Sunny." }));
    expect(await answer).toMatchObject({ content: [{ type: "text", text: "Sunny." }] });
    expect(received.headers["x-api-key"]).toBe("sk-marked");
    expect(bodyOf(received)).toEqual({
      model: "configured",
      messages: [
        { role: "system", content: "Be brief.\n\nBe kind." },
        {
          role: "user",
          content: [
            { type: "text", text: "Weather?" },
            { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
          ],
        },
        {
          role: "assistant",
          content: "I look.",
          tool_calls: [{ id: "t1", type: "function", function: { name: "weather", arguments: '{"city":"Wien"}' } }],
        },
        { role: "tool", tool_call_id: "t1", content: "sunny" },
        { role: "user", content: "Well?" },
      ],
      max_completion_tokens: 100,
      stop: ["END"],
      user: "u1",
      tools: [
        {
          type: "function",
          function: { name: "weather", description: "Today's weather", parameters: weather.input_schema },
        },
      ],
      tool_choice: "required",
      parallel_tool_calls: false,
      stream: false,
    });
  });

  test("gets a whole message with tool calls and counts", async () => {
    const answer = client.messages.create(asked).withResponse();
    (await upstream.next()).answer(
      200,
      json,
      chatAnswer({ content: "I look.", tool_calls: [weatherCall] }, "tool_calls"),
    );
    const { data, response } = await answer;
    expect(data).toMatchObject({
      type: "message",
      role: "assistant",
      model: "gpt-simulated",
      stop_reason: "tool_use",
      content: [
        { type: "text", text: "I look." },
        { type: "tool_use", id: "call_w", name: "weather", input: { city: "Wien" } },
      ],
      usage: { input_tokens: 7, cache_read_input_tokens: 3, output_tokens: 5 },
    });
    expect(response.headers.get("x-kong-llm-model")).toBe("openai/configured");
  });

  test("gets a stream, which the library puts together", async () => {
    const stream = client.messages.stream({ ...asked, tools: [weather] });
    const texts: string[] = [];
    stream.on("text", (text) => texts.push(text));
    const received = await upstream.next();
    expect(bodyOf(received)["stream_options"]).toEqual({ include_usage: true });
    received.answer(200, eventStream, chatStream(["I ", "look."], weatherCall));
    const message = await stream.finalMessage();
    expect(texts).toEqual(["I ", "look."]);
    expect(message).toMatchObject({
      model: "gpt-simulated",
      stop_reason: "tool_use",
      content: [
        { type: "text", text: "I look." },
        { type: "tool_use", id: "call_w", name: "weather", input: { city: "Wien" } },
      ],
      usage: { input_tokens: 7, cache_read_input_tokens: 3, output_tokens: 5 },
    });
  });

  test("gets each piece as it comes", async () => {
    const stream = await (async () => {
      const opened = client.messages.create({ ...asked, stream: true });
      const received = await upstream.next();
      received.head(200, eventStream);
      await received.write(chatStream(["one"], undefined).split("\n\n").slice(0, 2).join("\n\n") + "\n\n");
      return { events: await opened, received };
    })();
    for await (const event of stream.events) if (event.type === "content_block_delta") break;
    await stream.received.gone;
  });

  test("asks for JSON by a schema", async () => {
    const schema = {
      type: "object",
      properties: { answer: { type: "number" } },
      required: ["answer"],
      additionalProperties: false,
    };
    const answer = client.messages.create({ ...asked, output_config: { format: { type: "json_schema", schema } } });
    const received = await upstream.next();
    received.answer(200, json, chatAnswer({ content: '{"answer":42}' }));
    await answer;
    expect(bodyOf(received)["response_format"]).toEqual({
      type: "json_schema",
      json_schema: { name: "answer", schema, strict: true },
    });
  });

  test("hears what is lost, and is refused what would be half a question", async () => {
    const answer = client.messages
      .create({ ...asked, ...oldMembers, thinking: { type: "enabled", budget_tokens: 1024 } })
      .withResponse();
    (await upstream.next()).answer(200, json, chatAnswer({ content: "Tea." }));
    expect((await answer).response.headers.get("x-gw-warnings")).toBe("ignored:thinking, ignored:top_k");
    const refused = client.messages.create({ ...asked, tools: [{ type: "web_search_20250305", name: "web_search" }] });
    await expect(refused).rejects.toThrow(/web_search_20250305.*which only the provider anthropic can be sent/);
    await expect(refused).rejects.toBeInstanceOf(BadRequestError);
  });

  test.each([
    [401, AuthenticationError],
    [429, RateLimitError],
  ])("raises its own error for the provider's %i", async (status, kind) => {
    const answer = client.messages.create(asked);
    const error = { message: "No.", type: "some_error", code: "no" };
    (await upstream.next()).answer(status, { ...json, "retry-after": "9" }, JSON.stringify({ error }));
    const thrown = await answer.catch((caught: unknown) => caught);
    expect(thrown).toBeInstanceOf(kind);
    expect((thrown as APIError).headers?.get("retry-after")).toBe("9");
    expect((thrown as APIError).error).toMatchObject({ type: "error", error: { message: "No.", code: "no" } });
  });

  test("raises its own error for a call that is none", async () => {
    await expect(client.messages.create({ ...asked, messages: [] })).rejects.toMatchObject({
      status: 400,
      error: { type: "error", error: { type: "invalid_request_error", code: "gw_request_invalid" } },
    });
    await expect(client.messages.countTokens({ model: "claude", messages: asked.messages })).rejects.toThrow(
      "neither the counting of tokens",
    );
  });

  test.each([
    ["is cut", (received: ReceivedRequest) => received.reset()],
    ["reports an error", (received: ReceivedRequest) => void received.write(failedStream)],
    ["just ends", (received: ReceivedRequest) => received.end()],
  ])("raises an error when a stream %s", async (_, breakOff) => {
    const opened = client.messages.create({ ...asked, stream: true });
    const received = await upstream.next();
    received.head(200, eventStream);
    await received.write(chatStream(["one"], undefined).split("\n\n").slice(0, 2).join("\n\n") + "\n\n");
    const events = await opened;
    breakOff(received);
    await expect(
      (async () => {
        for await (const _event of events);
      })(),
    ).rejects.toBeInstanceOf(APIError);
  });

  test("ends the provider's request when it aborts", async () => {
    const controller = new AbortController();
    const answer = client.messages.create(asked, { signal: controller.signal });
    const received = await upstream.next();
    controller.abort();
    await expect(answer).rejects.toBeInstanceOf(APIUserAbortError);
    await received.gone;
  });
});

describe("in front of Anthropic itself", () => {
  beforeEach(() => start("anthropic", true));

  test("sends what the client wrote, with the target's model and key", async () => {
    const thinking = { type: "enabled" as const, budget_tokens: 2048 };
    const foreign = { type: "thinking" as const, thinking: "of another model", signature: "" };
    const answer = client.messages.create(
      {
        ...asked,
        max_tokens: 4096,
        thinking,
        ...oldMembers,
        tools: [{ type: "web_search_20250305", name: "web_search" }],
        messages: [
          ...asked.messages,
          { role: "assistant", content: [foreign, { type: "text", text: "ok" }] },
          ...asked.messages,
        ],
      },
      { headers: { "anthropic-beta": "some-beta" } },
    );
    const received = await upstream.next();
    expect(received.headers).toMatchObject({
      "x-api-key": "sk-marked",
      "anthropic-beta": "some-beta",
      "anthropic-version": "2023-06-01",
    });
    expect(parseAnthropicRequest(received.body)).toMatchObject({
      model: "configured",
      thinking,
      ...oldMembers,
      tools: [{ type: "web_search_20250305" }],
      messages: [{}, { content: [{ type: "text", text: "ok" }] }, {}],
    });
    const native = {
      id: "msg_1",
      type: "message",
      role: "assistant",
      model: "claude",
      content: [],
      stop_reason: "end_turn",
      usage: { input_tokens: 2, output_tokens: 3 },
    };
    received.answer(200, json, JSON.stringify(native));
    expect(await answer).toMatchObject(native);
  });

  test("gets the stream's bytes untouched", async () => {
    const opened = client.messages.create({ ...asked, stream: true }).asResponse();
    const received = await upstream.next();
    const bytes =
      'event: message_start\ndata: {"type":"message_start","odd"  :1}\n\nevent: message_stop\ndata: {"type":"message_stop"}\n\n';
    received.answer(200, eventStream, bytes);
    expect(await (await opened).text()).toBe(bytes);
  });

  test("ends a stream that is cut with an error of Anthropic's", async () => {
    const opened = client.messages.create({ ...asked, stream: true });
    const received = await upstream.next();
    received.head(200, eventStream);
    await received.write('event: ping\ndata: {"type":"ping"}\n\nevent: content_block');
    const events = await opened;
    received.reset();
    await expect(
      (async () => {
        for await (const _event of events);
      })(),
    ).rejects.toMatchObject({ error: { type: "error", error: { type: "api_error", code: "gw_upstream_reset" } } });
  });
});
