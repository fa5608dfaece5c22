import OpenAI from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../../../src/core/json.ts";
import type { ChatResult } from "../../../../src/llm/answer.ts";
import { type AiPlugin, aiConfig, aiTarget, startAiPlugin } from "../../../support/ai-plugin.ts";
import { type FakeUpstream, startFakeUpstream } from "../../../support/fake-upstream.ts";
import { foreignProviders, readFixture, streamsOf } from "../../../support/translators.ts";

type Provider = "anthropic" | "cohere" | "gemini" | "ollama";

describe.each(foreignProviders)("an OpenAI client through $name", ({ name }) => {
  let upstream: FakeUpstream;
  let running: AiPlugin;
  let client: OpenAI;

  beforeEach(async () => {
    upstream = await startFakeUpstream();
    const options = { azure_api_version: "", upstream_url: `${upstream.origin}/chat` };
    const model = { provider: name as Provider, name: "configured", options };
    running = await startAiPlugin(aiConfig([aiTarget(upstream.origin, { model })]));
    client = new OpenAI({ apiKey: "client", baseURL: running.server.origin, maxRetries: 0 });
  });
  afterEach(async () => {
    await running.close();
    await upstream.close();
  });

  const messages = [{ role: "user" as const, content: "tea" }];

  test("gets a whole answer", async () => {
    const { answer, expected } = readFixture(`answers/${name}/text.json`) as {
      readonly answer: JsonObject;
      readonly expected: ChatResult;
    };
    const asked = client.chat.completions.create({ model: "any", messages });
    const received = await upstream.next();
    expect(received.headers["authorization"]).toBe("Bearer sk-marked");
    received.answer(200, { "content-type": "application/json" }, JSON.stringify(answer));
    const { choices, usage, model } = await asked;
    expect(choices.map(({ message, finish_reason }) => [message.content, finish_reason])).toEqual([
      [expected.text, expected.finishReason],
    ]);
    expect(usage).toEqual(expected.usage);
    expect(model).toBe(expected.model ?? "configured");
  });

  test("gets a stream with its usage", async () => {
    const fixture = streamsOf(name).find((stream) => stream.name.startsWith("text."));
    const events = fixture?.expected ?? [];
    const asked = client.chat.completions.create({
      model: "any",
      messages,
      stream: true,
      stream_options: { include_usage: true },
    });
    (await upstream.next()).answer(200, {}, fixture?.bytes);
    const chunks: OpenAI.ChatCompletionChunk[] = [];
    for await (const chunk of await asked) chunks.push(chunk);
    expect(chunks.map(({ choices }) => choices[0]?.delta.content ?? "").join("")).toBe(
      events.map((event) => (event.type === "text-delta" ? event.text : "")).join(""),
    );
    expect(chunks.at(-1)?.usage).toEqual(events.findLast((event) => event.type === "usage")?.usage);
  });
});
