import OpenAI, { APIConnectionError, APIUserAbortError, AuthenticationError, RateLimitError } from "openai";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Simulators, startSimulators } from "../../../src/demo/simulators.ts";
import type { Embedder } from "../../../src/embeddings/embedder.ts";

const keys = { openai: "sk-right", mistral: "mistral-right" };

/** Unit vectors from the text's length: enough to see that they arrive unharmed. */
const embedder: Embedder = {
  name: "test",
  model: "lengths",
  dimensions: 2,
  embed: async (texts) =>
    texts.map((text) => Float32Array.of(Math.fround(Math.cos(text.length)), Math.fround(Math.sin(text.length)))),
  close: async () => {},
};

let simulators: Simulators;

beforeEach(async () => {
  simulators = await startSimulators({ keys, embedder });
});

afterEach(async () => {
  await simulators.close();
});

function client(provider: "openai" | "mistral" = "openai", apiKey = keys[provider]): OpenAI {
  return new OpenAI({ apiKey, baseURL: `${simulators[provider].origin}/v1`, maxRetries: 0 });
}

async function collect<T>(items: AsyncIterable<T>, collected: T[] = []): Promise<T[]> {
  for await (const item of items) collected.push(item);
  return collected;
}

const question = { model: "gpt-4o", messages: [{ role: "user" as const, content: "What is  two and two?" }] };

describe("chat", () => {
  it("answers with the requested model, the same text each time, and usage", async () => {
    const first = await client().chat.completions.create(question);
    const second = await client().chat.completions.create(question);
    expect(first.model).toBe("gpt-4o");
    expect(first.choices[0]?.message.content).toBe("This is a simulated answer of gpt-4o to: What is two and two?");
    expect(first.usage).toEqual({ prompt_tokens: 5, completion_tokens: 13, total_tokens: 18 });
    expect(second.choices).toEqual(first.choices);
    expect([first.id, second.id]).toEqual(["chatcmpl-simulated-1", "chatcmpl-simulated-2"]);
  });

  it("streams the same text, with usage in a chunk of its own when it is asked for", async () => {
    const whole = await client().chat.completions.create(question);
    const stream = await client().chat.completions.create({
      ...question,
      stream: true,
      stream_options: { include_usage: true },
    });
    const chunks = await collect(stream);
    expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(
      whole.choices[0]?.message.content,
    );
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: whole.usage });
    expect(chunks.at(0)?.usage).toBeNull();
  });

  it("streams no usage that was not asked for", async () => {
    const chunks = await collect(await client().chat.completions.create({ ...question, stream: true }));
    expect(chunks.some((chunk) => "usage" in chunk)).toBe(false);
    expect(chunks.at(-1)?.choices[0]?.finish_reason).toBe("stop");
  });

  it("streams usage with Mistral's last chunk unasked", async () => {
    const chunks = await collect(await client("mistral").chat.completions.create({ ...question, stream: true }));
    expect(chunks.at(-1)).toMatchObject({ choices: [{ finish_reason: "stop" }], usage: { prompt_tokens: 5 } });
  });

  it("never cuts a character of a long question in half", async () => {
    const content = "🧮".repeat(200);
    const answer = await client().chat.completions.create({ ...question, messages: [{ role: "user", content }] });
    expect(answer.choices[0]?.message.content?.endsWith("🧮".repeat(80))).toBe(true);
  });

  it("refuses a call without messages", async () => {
    await expect(client().chat.completions.create({ ...question, messages: [] })).rejects.toMatchObject({
      status: 400,
    });
  });
});

describe("embeddings", () => {
  it("pads the embedder's vectors with zeros, as base64 and as floats", async () => {
    const call = { model: "text-embedding-3-small", input: ["a", "abc"], dimensions: 4 };
    const base64 = await client().embeddings.create(call);
    const floats = await client().embeddings.create({ ...call, encoding_format: "float" });
    const expected = [1, 3].map((length) => [Math.fround(Math.cos(length)), Math.fround(Math.sin(length)), 0, 0]);
    expect(base64.data.map(({ embedding }) => embedding)).toEqual(expected);
    expect(floats.data.map(({ embedding }) => embedding)).toEqual(expected);
  });

  it.each([
    ["openai", 1536],
    ["mistral", 1024],
  ] as const)("of %s have %i dimensions unless told otherwise", async (provider, dimensions) => {
    const answer = await client(provider).embeddings.create({ model: "any", input: "a" });
    expect(answer.data[0]?.embedding).toHaveLength(dimensions);
  });

  it("are refused below the embedder's own dimensions and for an empty text", async () => {
    const call = { model: "any", input: "a", dimensions: 1 };
    await expect(client().embeddings.create(call)).rejects.toMatchObject({ status: 400 });
    await expect(client().embeddings.create({ model: "any", input: "" })).rejects.toMatchObject({ status: 400 });
  });
});

describe("keys", () => {
  it("that are wrong get OpenAI's error, which does not repeat them", async () => {
    const error = await client("openai", "sk-wrong")
      .models.list()
      .then(undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(error).toMatchObject({ status: 401, code: "invalid_api_key" });
    expect(JSON.stringify(error)).not.toContain("sk-wrong");
  });

  it("that are wrong get Mistral's error", async () => {
    const response = await fetch(`${simulators.mistral.origin}/v1/models`, {
      headers: { authorization: `Bearer ${keys.openai}` },
    });
    expect([response.status, await response.json()]).toEqual([401, { detail: "Unauthorized" }]);
  });

  it("that are right open the models and nothing unknown", async () => {
    const models = await collect(client().models.list());
    expect(models.map(({ id }) => id)).toContain("gpt-4o");
    await expect(client().get("/v1/nothing")).rejects.toMatchObject({ status: 404 });
  });
});

describe("misbehaviour", () => {
  it("gives a status and headers, so many times, on one path", async () => {
    simulators.openai.behave({ path: "/v1/chat/completions", times: 1, status: 429, headers: { "retry-after": "7" } });
    await client().models.list();
    const error = await client()
      .chat.completions.create(question)
      .then(undefined, (thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RateLimitError);
    expect((error as RateLimitError).headers?.get("retry-after")).toBe("7");
    await expect(client().chat.completions.create(question)).resolves.toBeDefined();
  });

  it("cuts a stream after so many chunks, which the log does not take for an abort", async () => {
    simulators.openai.behave({ cutAfterChunks: 3 });
    const stream = await client().chat.completions.create({ ...question, stream: true });
    const seen: unknown[] = [];
    await expect(collect<unknown>(stream, seen)).rejects.toThrow();
    expect(seen).toHaveLength(3);
    expect(simulators.requests).toMatchObject([{ abortedAt: undefined, answeredAt: undefined }]);
  });

  it("refuses connections until it accepts them again", async () => {
    await simulators.mistral.refuse();
    await simulators.mistral.refuse();
    await expect(client("mistral").models.list()).rejects.toBeInstanceOf(APIConnectionError);
    await simulators.mistral.accept();
    await simulators.mistral.accept();
    await expect(client("mistral").models.list()).resolves.toBeDefined();
  });

  it("can be abandoned: a client that leaves during a stream is noticed, with the time", async () => {
    simulators.openai.behave({ holdAfterChunks: 2 });
    const stream = await client().chat.completions.create({ ...question, stream: true });
    for await (const _ of stream) break;
    const aborted = await simulators.until((request) => request.abortedAt !== undefined);
    expect(aborted).toMatchObject({ model: "gpt-4o", stream: true, answeredAt: undefined });
    expect(aborted.abortedAt).toBeGreaterThanOrEqual(aborted.at);
  });

  it("can be abandoned: a client that leaves before the head is noticed too", async () => {
    simulators.openai.behave({ delayMs: 60_000 });
    const leave = new AbortController();
    const asked = client().chat.completions.create(question, { signal: leave.signal });
    await simulators.until((request) => request.model === "gpt-4o");
    leave.abort();
    await expect(asked).rejects.toBeInstanceOf(APIUserAbortError);
    await expect(simulators.until((request) => request.abortedAt !== undefined)).resolves.toBeDefined();
  });
});

describe("the log", () => {
  it("tells who was asked for what, with which key", async () => {
    await client("mistral").chat.completions.create({ ...question, model: "mistral-tiny" });
    expect(await simulators.until((request) => request.answeredAt !== undefined)).toMatchObject({
      provider: "mistral",
      method: "POST",
      path: "/v1/chat/completions",
      authorization: `Bearer ${keys.mistral}`,
      model: "mistral-tiny",
      stream: false,
      status: 200,
      abortedAt: undefined,
    });
  });

  it("keeps what is no JSON object, and the simulator says so", async () => {
    const headers = { authorization: `Bearer ${keys.openai}` };
    const response = await fetch(`${simulators.openai.origin}/v1/chat/completions?x=1`, {
      method: "POST",
      headers,
      body: "[1",
    });
    expect(response.status).toBe(400);
    expect(simulators.requests).toMatchObject([{ path: "/v1/chat/completions", body: undefined, model: undefined }]);
  });
});

it("maps the providers' own addresses to the simulators", () => {
  expect([...simulators.connectTo].map(([authority, url]) => [authority, url.origin])).toEqual([
    ["api.openai.com:443", simulators.openai.origin],
    ["api.mistral.ai:443", simulators.mistral.origin],
  ]);
});
