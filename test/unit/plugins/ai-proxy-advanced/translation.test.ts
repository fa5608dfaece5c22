import { readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import OpenAI, { APIError, RateLimitError } from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/core/json.ts";
import { parseChat, parseFailure } from "../../../../src/llm/providers/anthropic/answer.ts";
import { openChatStream } from "../../../../src/llm/providers/anthropic/stream.ts";
import { openaiChatFront } from "../../../../src/llm/fronts/openai-chat.ts";
import { TranslatedUsage } from "../../../../src/llm/translated-usage.ts";
import { Translation } from "../../../../src/plugins/ai-proxy-advanced/translation.ts";
import type { UpstreamHandler } from "../../../../src/upstream/upstream.ts";
import { type AiPlugin, aiConfig, aiTarget, startAiPlugin } from "../../../support/ai-plugin.ts";
import { type FakeUpstream, type ReceivedRequest, startFakeUpstream } from "../../../support/fake-upstream.ts";
import { readFixture } from "../../../support/translators.ts";

let upstream: FakeUpstream;
let running: AiPlugin;
let client: OpenAI;

beforeEach(async () => {
  upstream = await startFakeUpstream();
  const options = {
    azure_api_version: "",
    anthropic_version: "2023-06-01",
    input_cost: 1000,
    output_cost: 2000,
    upstream_url: `${upstream.origin}/v1/messages`,
  };
  const target = aiTarget(upstream.origin, { model: { provider: "anthropic", name: "claude", options } });
  running = await startAiPlugin(aiConfig([{ ...target, logging: { log_statistics: true, log_payloads: false } }]));
  client = new OpenAI({ apiKey: "client", baseURL: running.server.origin, maxRetries: 0 });
});
afterEach(async () => {
  await running.close();
  await upstream.close();
});

const messages = [{ role: "user" as const, content: "tea" }];
const answered = (readFixture("answers/anthropic/tools-and-cache.json") as { answer: JsonObject }).answer;
const stream = readFileSync("fixtures/llm/streams/anthropic/tools.sse");
const eventStream = { "content-type": "text/event-stream; charset=utf-8" };

describe("a whole answer", () => {
  test("reaches an OpenAI client in its format, with the usage in the log and what is lost in a header", async () => {
    const asked = client.chat.completions.create({ model: "any", messages, seed: 1 }).withResponse();
    const received = await upstream.next();
    expect(received.headers).toMatchObject({ "anthropic-version": "2023-06-01", "accept-encoding": "identity" });
    received.answer(200, { "content-type": "application/json", "request-id": "req_1" }, JSON.stringify(answered));
    const { data, response } = await asked;
    expect(data.choices[0]).toMatchObject({
      finish_reason: "tool_calls",
      message: { role: "assistant", content: "I look.", tool_calls: [{ id: "toolu_1" }, { id: "toolu_2" }] },
    });
    expect(data.usage).toMatchObject({ prompt_tokens: 1110, prompt_tokens_details: { cached_tokens: 1000 } });
    expect(response.headers.get("x-gw-warnings")).toBe("ignored:seed, defaulted:max_tokens");
    expect(response.headers.get("x-kong-llm-model")).toBe("anthropic/claude");
    expect(response.headers.get("request-id")).toBe("req_1");
    expect(running.server.finished[0]?.ai).toMatchObject({
      llm_latency: expect.any(Number) as number,
      usage: { prompt_tokens: 1110, completion_tokens: 20, cost: 1.15, time_per_token: expect.any(Number) as number },
    });
  });

  test("that comes compressed, though nobody asked for it, is read", async () => {
    const asked = running.ask("tea");
    (await upstream.next()).answer(200, { "content-encoding": "gzip" }, gzipSync(JSON.stringify(answered)));
    const response = await asked;
    expect(response.headers.has("content-encoding")).toBe(false);
    expect(await response.json()).toMatchObject({ object: "chat.completion" });
  });

  test.each([["{}"], ["<html>"], [""]])("that is %j is 502, and nothing of it is shown", async (body) => {
    const asked = running.ask("tea");
    (await upstream.next()).answer(200, { "content-type": "application/json" }, body);
    const response = await asked;
    expect([response.status, await response.json()]).toMatchObject([502, { error: { code: "GW_UPSTREAM_INVALID" } }]);
  });

  test("a refusal is an exception of the client's library, with the provider's own words", async () => {
    const { answer } = readFixture("failures/anthropic.json") as { answer: JsonObject };
    const asked = client.chat.completions.create({ model: "any", messages }).catch((error: unknown) => error);
    (await upstream.next()).answer(429, { "retry-after": "7" }, JSON.stringify(answer));
    const error = (await asked) as RateLimitError;
    expect(error).toBeInstanceOf(RateLimitError);
    expect(error).toMatchObject({ status: 429, code: "rate_limit_error", type: "rate_limit_error" });
    expect(error.headers?.get("retry-after")).toBe("7");
    expect(error.error).toMatchObject({ provider_error: answer });
  });
});

describe("a stream", () => {
  async function open(fields: { stream_options?: { include_usage: boolean } } = {}) {
    const asked = client.chat.completions.create({ model: "any", messages, stream: true, ...fields });
    const received = await upstream.next();
    received.head(200, eventStream);
    return { received, events: await asked };
  }

  test("reaches an OpenAI client event by event, with the usage it asked for", async () => {
    const { received, events } = await open({ stream_options: { include_usage: true } });
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    const half = stream.indexOf("message_delta");
    await received.write(stream.subarray(0, half));
    for await (const chunk of events) {
      chunks.push(chunk);
      // Not before the client has what came so far.
      if (
        chunk.choices[0]?.delta.tool_calls?.[0]?.index === 1 &&
        chunk.choices[0].delta.tool_calls[0].function?.arguments === "{}"
      ) {
        await received.write(stream.subarray(half));
        received.end();
      }
    }
    const calls = chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? []);
    const written = (index: number): string =>
      calls.map((call) => (call.index === index ? (call.function?.arguments ?? "") : "")).join("");
    expect([written(0), written(1)]).toEqual(['{"location": "San Francisco"}', "{}"]);
    expect(chunks[0]?.choices[0]?.delta).toEqual({ role: "assistant", content: "" });
    expect(chunks.at(-2)?.choices[0]?.finish_reason).toBe("tool_calls");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 472, completion_tokens: 89 } });
    expect(new Set(chunks.map(({ id, model }) => `${id} ${model}`))).toEqual(new Set(["msg_2 claude"]));
  });

  test("has no usage that was not asked for, and ends with [DONE]", async () => {
    const asked = running.ask("tea", { stream: true });
    (await upstream.next()).answer(200, eventStream, stream);
    const text = await (await asked).text();
    expect(text).not.toContain("usage");
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    expect(running.server.finished[0]?.ai).toMatchObject({ usage: { completion_tokens: 89 } });
  });

  test.each<[string, (received: ReceivedRequest) => void]>([
    [
      "the provider's own error",
      (received) => void received.write(readFileSync("fixtures/llm/streams/anthropic/error.sse")),
    ],
    ["a cut", (received) => void received.write(stream.subarray(0, 600)).then(() => received.reset())],
    ["an early end", (received) => void received.write(stream.subarray(0, 600)).then(() => received.end())],
    ["something that is no event", (received) => void received.write("data: {\n\n")],
  ])("that breaks off by %s is an exception of the client's library", async (_, breakOff) => {
    const { received, events } = await open();
    breakOff(received);
    await expect(
      (async () => {
        for await (const chunk of events) expect(chunk.object).toBe("chat.completion.chunk");
      })(),
    ).rejects.toBeInstanceOf(APIError);
    await received.gone;
  });

  test("ends at the provider when the client goes away", async () => {
    const { received, events } = await open();
    await received.write(stream.subarray(0, 600));
    for await (const _ of events) break;
    await received.gone;
  });

  test("waits for a slow client", () => {
    let isReady = false;
    const relay: UpstreamHandler = { onStart() {}, onHead() {}, onData: () => isReady, onEnd() {}, onError() {} };
    const identity = { id: "id", model: "claude", created: 0 };
    const rest = { identity, isStream: true, includesUsage: false, count: new TranslatedUsage() };
    const writer = openaiChatFront.answers;
    if (writer === undefined) throw new Error("OpenAI's front writes answers.");
    const translator = { parseChat, parseFailure, openChatStream };
    const translation = new Translation({ ...rest, translator, writer }, relay);
    translation.onHead(200, []);
    expect(translation.onData(stream.subarray(0, 600))).toBe(false);
    isReady = true;
    expect(translation.onData(stream.subarray(600))).toBe(true);
  });
});
