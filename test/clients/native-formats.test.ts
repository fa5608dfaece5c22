import { readFileSync } from "node:fs";
import { afterEach, describe, expect, test } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import { type AiGateway, startAiGateway } from "../support/ai-gateway.ts";
import { aiConfig, aiTarget } from "../support/ai-plugin.ts";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { readFixture } from "../support/translators.ts";

let upstream: FakeUpstream;
let gateway: AiGateway;

async function start(format: "gemini" | "cohere" | "bedrock", path: string): Promise<void> {
  upstream = await startFakeUpstream();
  const options = { azure_api_version: "", upstream_url: `${upstream.origin}${path}` };
  const target = aiTarget(upstream.origin, { model: { provider: format, name: "configured", options } });
  const logging = { log_statistics: true, log_payloads: false };
  gateway = await startAiGateway(aiConfig([{ ...target, logging }], { llm_format: format }));
}

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

async function post(path: string, body: object): Promise<Response> {
  const headers = {
    "content-type": "application/json",
    "x-goog-api-key": "client's",
    authorization: "AWS4-HMAC-SHA256 client's",
    "x-amz-security-token": "client's",
  };
  return await fetch(`http://127.0.0.1:${gateway.port}${path}`, {
    method: "POST",
    headers,
    body: JSON.stringify(body),
  });
}

const answerOf = (name: string): string =>
  JSON.stringify((readFixture(`answers/${name}/text.json`) as JsonObject)["answer"]);
const json = { "content-type": "application/json" };

describe("Gemini's format", () => {
  const asked = { contents: [{ role: "user", parts: [{ text: "tea" }] }], odd: 1 };

  test("reaches Gemini untouched, with the target's model and without the client's key", async () => {
    await start("gemini", "/v1beta/models/{model}:generateContent");
    const answer = post("/v1beta/models/any:generateContent?key=clients&a=1", asked);
    const received = await upstream.next();
    expect(received.path).toBe("/v1beta/models/configured:generateContent?a=1");
    expect(received.headers["x-goog-api-key"]).toBeUndefined();
    expect(JSON.parse(received.body.toString())).toEqual(asked);
    received.answer(200, json, answerOf("gemini"));
    expect(await (await answer).text()).toBe(answerOf("gemini"));
  });

  test("is streamed untouched", async () => {
    await start("gemini", "/v1beta/models/{model}:generateContent");
    const answer = post("/v1beta/models/any:streamGenerateContent?alt=sse", asked);
    const received = await upstream.next();
    expect(received.path).toBe("/v1beta/models/configured:streamGenerateContent?alt=sse");
    const bytes = readFileSync("fixtures/llm/streams/gemini/text.sse");
    received.answer(200, { "content-type": "text/event-stream" }, bytes);
    expect(await (await answer).text()).toBe(bytes.toString());
  });

  test("has errors of its own", async () => {
    await start("gemini", "/v1beta/models/{model}:generateContent");
    const answer = await post("/v1beta/models/any:countTokens", asked);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { error: { code: 400, status: "INVALID_ARGUMENT" } },
    ]);
  });
});

describe("Bedrock's format", () => {
  const asked = { system: [{ text: "short" }], messages: [{ role: "user", content: [{ text: "tea" }] }], odd: 1 };
  const eventStream = { "content-type": "application/vnd.amazon.eventstream" };

  test("reaches Bedrock untouched, with the target's model and without the client's identity", async () => {
    await start("bedrock", "/model/{model}/converse");
    const answer = post("/model/a.b%3A0/converse", asked);
    const received = await upstream.next();
    expect(received.path).toBe("/model/configured/converse");
    expect(received.headers["x-amz-security-token"]).toBeUndefined();
    expect(received.headers["authorization"]).not.toContain("client's");
    expect(received.body.toString()).toBe(JSON.stringify(asked));
    received.answer(200, json, answerOf("bedrock"));
    expect(await (await answer).text()).toBe(answerOf("bedrock"));
  });

  test("is streamed untouched", async () => {
    await start("bedrock", "/model/{model}/converse");
    const answer = post("/model/any/converse-stream", asked);
    const received = await upstream.next();
    expect(received.path).toBe("/model/configured/converse-stream");
    const bytes = readFileSync("fixtures/llm/streams/bedrock/text.bin");
    received.answer(200, eventStream, bytes);
    expect(Buffer.from(await (await answer).arrayBuffer()).equals(bytes)).toBe(true);
  });

  test("breaks off where its stream is cut, which AWS's clients raise", async () => {
    await start("bedrock", "/model/{model}/converse");
    const answer = post("/model/any/converse-stream", asked);
    const received = await upstream.next();
    received.head(200, eventStream);
    await received.write(readFileSync("fixtures/llm/streams/bedrock/text.bin").subarray(0, 150));
    const begun = await answer;
    received.reset();
    await expect(begun.arrayBuffer()).rejects.toThrow("terminated");
  });

  test.each(["/model/any/invoke", "/converse"])("is refused at %s, with an error of its own", async (path) => {
    await start("bedrock", "/model/{model}/converse");
    const answer = await post(path, asked);
    expect([answer.status, await answer.json()]).toMatchObject([
      400,
      { __type: "ValidationException", reason: "GW_REQUEST_INVALID" },
    ]);
  });
});

describe("Cohere's format", () => {
  const asked = { model: "any", messages: [{ role: "user", content: "tea" }], safety_mode: "OFF" };

  test("reaches Cohere with the target's model", async () => {
    await start("cohere", "/v2/chat");
    const answer = post("/v2/chat", asked);
    const received = await upstream.next();
    expect(JSON.parse(received.body.toString())).toEqual({ ...asked, model: "configured" });
    received.answer(200, json, answerOf("cohere"));
    expect(await (await answer).text()).toBe(answerOf("cohere"));
  });

  test("has errors of its own", async () => {
    await start("cohere", "/v2/chat");
    const answer = await post("/v2/chat", { ...asked, messages: [] });
    expect([answer.status, await answer.json()]).toEqual([
      400,
      { message: "request body doesn't contain valid prompts", code: "gw_request_invalid" },
    ]);
  });
});
