import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import OpenAI, {
  APIError,
  APIUserAbortError,
  AuthenticationError,
  BadRequestError,
  InternalServerError,
  RateLimitError,
} from "openai";
import { afterAll, afterEach, beforeAll, expect, it } from "vitest";
import type { SimulatedRequest } from "../../src/demo/request-log.ts";
import {
  answerOf,
  aiConfig,
  type Providers,
  providerKeys,
  startProviders,
  withoutCatchall,
  withRoute,
  writeConfig,
} from "../support/providers.ts";
import { expectNoSecretHeard, hear, markSecret } from "../support/secrecy.ts";
import { type ServedGw, serveGw } from "../support/serve-gw.ts";

const clientKey = markSecret("the client's own key", "sk-planted-client-3Hd");
const math = "What is the derivative of sin(x)?";
const chatPath = "/v1/chat/completions";

let providers: Providers;
let gw: ServedGw;
let cwd: string;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "gw-openai-"));
  writeConfig(cwd, withRoute(aiConfig, "strict", ...withoutCatchall));
  providers = await startProviders();
  gw = await serveGw([...providers.flags, "kong.yaml"], { cwd, env: providers.env });
});

afterAll(async () => {
  expect(await gw.stop()).toBe(0);
  expectNoSecretHeard();
  await providers.close();
  rmSync(cwd, { recursive: true });
});

afterEach(() => {
  providers.openai.behave({});
  expectNoSecretHeard();
});

function client(path = "/anything"): OpenAI {
  return new OpenAI({ baseURL: `${gw.origin}${path}`, apiKey: clientKey, maxRetries: 0 });
}

/** The model is the client's wish: routing decides. */
function chat(content = math): { model: string; messages: { role: "user"; content: string }[] } {
  return { model: "gpt-4o-mini", messages: [{ role: "user", content }] };
}

/** The last chat that a provider has seen. */
function lastChat(): SimulatedRequest | undefined {
  return providers.requests.findLast(({ path }) => path === chatPath);
}

/** The typed error of a call that must fail; what it says is heard. */
async function failureOf(call: Promise<unknown>): Promise<unknown> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (error instanceof APIError)
    hear(`${error.message} ${JSON.stringify(error.error)} ${JSON.stringify([...(error.headers ?? [])])}`);
  return error;
}

it("gets a chat completion of the target that fits", async () => {
  const { data, response } = await client().chat.completions.create(chat()).withResponse();
  hear(JSON.stringify(data));
  expect(data.model).toBe("gpt-4o");
  expect(data.choices[0]?.message.content).toBe(answerOf("gpt-4o", math));
  expect(data.usage?.total_tokens).toBeGreaterThan(0);
  expect(response.headers.get("x-kong-llm-model")).toBe("openai/gpt-4o");
  expect(response.headers.get("x-kong-request-id")).toMatch(/^[0-9a-f]{32}$/);
  expect(lastChat()).toMatchObject({ provider: "openai", authorization: `Bearer ${providerKeys.openai}`, status: 200 });
});

it("gets a stream, with the usage that it asked for", async () => {
  const prompt = "What is Wulfila Bible?";
  const stream = await client().chat.completions.create({
    ...chat(prompt),
    stream: true,
    stream_options: { include_usage: true },
  });
  const chunks: OpenAI.ChatCompletionChunk[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  hear(JSON.stringify(chunks));
  expect(chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("")).toBe(answerOf("mistral-tiny", prompt));
  expect(chunks.some((chunk) => (chunk.usage?.total_tokens ?? 0) > 0)).toBe(true);
  expect(lastChat()).toMatchObject({ provider: "mistral", authorization: `Bearer ${providerKeys.mistral}` });
});

it("is served by the runner of the SDK's own stream events", async () => {
  const runner = client().chat.completions.stream(chat());
  expect(await runner.finalContent()).toBe(answerOf("gpt-4o", math));
});

it("ends the provider's request when it aborts a stream", async () => {
  providers.openai.behave({ path: chatPath, holdAfterChunks: 3 });
  const stream = await client().chat.completions.create({ ...chat(), stream: true });
  const seen = lastChat();
  let chunks = 0;
  let abortedAt = 0;
  for await (const _chunk of stream) {
    chunks += 1;
    if (chunks < 3) continue;
    abortedAt = Date.now();
    stream.controller.abort();
  }
  const noted = await providers.until(
    (each) => each.at === seen?.at && each.path === chatPath && each.abortedAt !== undefined,
  );
  expect(noted.answeredAt).toBeUndefined();
  const ended = await gw.logLine((line) => line["cancelled"] === true && line["route"] === "example-route");
  expect(ended).toMatchObject({ status: 200, ai: { model: "gpt-4o", attempts: 1 } });
  console.info(`The provider saw the client's abort after ${(noted.abortedAt ?? 0) - abortedAt} ms.`);
});

it("aborts a request that has no answer yet", async () => {
  providers.openai.behave({ path: chatPath, delayMs: 600_000 });
  const controller = new AbortController();
  const before = providers.requests.length;
  const answer = failureOf(client().chat.completions.create(chat(), { signal: controller.signal }));
  const isNew = (each: SimulatedRequest): boolean =>
    each.path === chatPath && providers.requests.indexOf(each) >= before;
  await providers.until(isNew);
  controller.abort();
  expect(await answer).toBeInstanceOf(APIUserAbortError);
  await providers.until((each) => isNew(each) && each.abortedAt !== undefined);
});

it("raises AuthenticationError when the provider refuses the configured key", async () => {
  providers.openai.behave({ path: chatPath, status: 401 });
  const error = await failureOf(client().chat.completions.create(chat()));
  expect(error).toBeInstanceOf(AuthenticationError);
  expect(error).toMatchObject({ status: 401, code: "invalid_api_key" });
});

it("raises RateLimitError with the provider's retry-after", async () => {
  providers.openai.behave({ path: chatPath, status: 429, headers: { "retry-after": "7" } });
  const error = await failureOf(client().chat.completions.create(chat()));
  expect(error).toBeInstanceOf(RateLimitError);
  expect((error as RateLimitError).headers.get("retry-after")).toBe("7");
});

it("repeats by itself what a provider refused once", async () => {
  providers.openai.behave({ path: chatPath, status: 429, headers: { "retry-after-ms": "1" }, times: 1 });
  const patient = new OpenAI({ baseURL: `${gw.origin}/anything`, apiKey: clientKey, maxRetries: 1 });
  expect((await patient.chat.completions.create(chat())).model).toBe("gpt-4o");
});

it("raises BadRequestError for a call that gw cannot route", async () => {
  const error = await failureOf(client().chat.completions.create({ ...chat(), messages: [] }));
  expect(error).toBeInstanceOf(BadRequestError);
  expect(error).toMatchObject({
    status: 400,
    type: "invalid_request_error",
    code: "gw_request_invalid",
    message: "400 request body doesn't contain valid prompts",
  });
});

it("raises an error that names the nearest target when no target matches", async () => {
  const error = await failureOf(client("/strict").chat.completions.create(chat("Who was Edward Gibbon?")));
  expect(error).toBeInstanceOf(InternalServerError);
  expect(error).toMatchObject({ status: 503, code: "gw_no_target" });
  expect(String(error)).toMatch(
    /under threshold 0\.05: the nearest is targets\[\d\] at distance [01]\.\d{4}\. Raise the threshold/,
  );
});

it("raises an error when a provider breaks off in the middle of a stream", async () => {
  providers.openai.behave({ path: chatPath, cutAfterChunks: 4 });
  const stream = await client().chat.completions.create({ ...chat(), stream: true });
  let text = "";
  const read = async (): Promise<void> => {
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
  };
  const error = await failureOf(read());
  expect(error).toBeInstanceOf(APIError);
  expect(error).toMatchObject({ code: "gw_upstream_reset" });
  expect(text).not.toBe("");
  expect(answerOf("gpt-4o", math).startsWith(text)).toBe(true);
});
