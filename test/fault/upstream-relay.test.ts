import { once } from "node:events";
import { type IncomingMessage, request as httpRequest } from "node:http";
import OpenAI, { APIError } from "openai";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type AiPlugin, aiConfig, aiTarget, startAiPlugin } from "../support/ai-plugin.ts";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";

let upstream: FakeUpstream;
let running: AiPlugin;

beforeEach(async () => {
  upstream = await startFakeUpstream();
  running = await startAiPlugin(aiConfig([aiTarget(upstream.origin)]));
});
afterEach(async () => {
  await running.close();
  await upstream.close();
});

const sse = { "content-type": "text/event-stream" };
const event = (content: string) =>
  `data: ${JSON.stringify({ id: "1", object: "chat.completion.chunk", choices: [{ index: 0, delta: { content } }] })}\n\n`;

const openai = () => new OpenAI({ apiKey: "client", baseURL: running.server.origin, maxRetries: 0 });
const askStream = () =>
  openai().chat.completions.create({ model: "auto", stream: true, messages: [{ role: "user", content: "tea" }] });

describe("a stream", () => {
  test("reaches the client event by event, unchanged", async () => {
    const answer = running.ask("tea", { stream: true });
    const request = await upstream.next();
    request.head(200, { ...sse, "set-cookie": "a=b" });
    const response = await answer;
    expect(response.headers.has("set-cookie")).toBe(false);
    const reader = response.body?.getReader();
    const texts: string[] = [];
    for (const part of [": comment\n", event("one"), `${event("two")}${event("three")}`, "data: [DONE]\n\n"]) {
      await request.write(part);
      const read = await reader?.read();
      texts.push(Buffer.from(read?.value as Uint8Array).toString());
      expect(texts.at(-1)).toBe(part);
    }
    request.end();
    expect((await reader?.read())?.done).toBe(true);
  });

  test("that is cut between events raises in the OpenAI SDK", async () => {
    const pending = askStream();
    const request = await upstream.next();
    request.head(200, sse);
    await request.write(event("one"));
    const stream = await pending;
    const seen: string[] = [];
    await expect(
      (async () => {
        for await (const chunk of stream) {
          seen.push(chunk.choices[0]?.delta.content ?? "");
          request.reset();
        }
      })(),
    ).rejects.toThrow(APIError);
    expect(seen).toEqual(["one"]);
  });

  test("that is cut in the middle of an event ends with an error event, and no half event before it", async () => {
    const answer = running.ask("tea", { stream: true });
    const request = await upstream.next();
    request.head(200, sse);
    await request.write(event("one"));
    const response = await answer;
    const reader = response.body?.getReader();
    let text = Buffer.from((await reader?.read())?.value as Uint8Array).toString();
    await request.write(event("two").slice(0, 20));
    request.reset();
    for (let read = await reader?.read(); read?.done === false; read = await reader?.read())
      text += Buffer.from(read.value as Uint8Array).toString();
    const [one, last, ...others] = text.split("\n\n").filter((part) => part !== "");
    expect(`${one}\n\n`).toBe(event("one"));
    expect(JSON.parse((last ?? "").trim().slice(6))).toMatchObject({
      error: { code: "gw_upstream_reset", type: "server_error" },
    });
    expect(others).toEqual([]);
  });

  test("without line ends is passed on in the end, and when it grows long", async () => {
    const answer = running.ask("tea", { stream: true });
    const request = await upstream.next();
    request.head(200, sse);
    const long = "x".repeat(200_000);
    await request.write(long);
    await request.write("\nshort");
    request.end();
    expect(await (await answer).text()).toBe(`${long}\nshort`);
  });

  test("of a client that goes away closes the upstream", async () => {
    const controller = new AbortController();
    const pending = openai().chat.completions.create(
      { model: "auto", stream: true, messages: [{ role: "user", content: "tea" }] },
      { signal: controller.signal },
    );
    const request = await upstream.next();
    request.head(200, sse);
    await request.write(event("one"));
    await pending;
    const over = running.server.nextEnd();
    controller.abort();
    await request.gone;
    expect((await over).error).toBeUndefined();
  });
});

test("a client that goes away before the answer closes the upstream", async () => {
  const controller = new AbortController();
  const pending = fetch(running.server.origin, {
    method: "POST",
    body: '{"messages":[{"role":"user","content":"tea"}]}',
    headers: { "content-type": "application/json" },
    signal: controller.signal,
  });
  const request = await upstream.next();
  const over = running.server.nextEnd();
  controller.abort();
  await expect(pending).rejects.toThrow("aborted");
  await request.gone;
  expect((await over).error).toBeUndefined();
});

test("a whole answer that is cut is no whole answer for the client", async () => {
  const answer = running.ask("tea");
  const request = await upstream.next();
  request.head(200, { "content-type": "application/json", "content-length": "100" });
  await request.write('{"choices":[');
  const response = await answer;
  request.reset();
  await expect(response.text()).rejects.toThrow("terminated");
});

test("a compressed stream that is cut is cut for the client too", async () => {
  const answer = running.ask("tea", { stream: true });
  const request = await upstream.next();
  request.raw(
    "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ncontent-encoding: br\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
  );
  const response = await answer;
  request.reset();
  await expect(response.text()).rejects.toThrow();
});

test("a slow client slows the upstream", async () => {
  const client = httpRequest(running.server.origin, {
    method: "POST",
    headers: { "content-type": "application/json" },
  });
  client.end('{"messages":[{"role":"user","content":"tea"}]}');
  const request = await upstream.next();
  request.head(200, { "content-type": "application/json" });
  const [response] = (await once(client, "response")) as [IncomingMessage];
  let written = 0;
  const megabytes = 24;
  const writing = (async () => {
    for (; written < megabytes; written++) await request.write(Buffer.alloc(1 << 20, 32));
    request.end();
  })();
  await once(response, "readable");
  expect(written).toBeLessThan(megabytes);
  let received = 0;
  response.on("data", (chunk: Buffer) => {
    received += chunk.length;
  });
  await once(response, "end");
  await writing;
  expect(received).toBe(megabytes << 20);
});

test("an error of the provider passes with status, headers and body", async () => {
  const answer = running.ask("tea", { stream: true });
  const body =
    '{"error":{"message":"Incorrect API key provided","type":"invalid_request_error","code":"invalid_api_key"}}';
  (await upstream.next()).answer(401, { "content-type": "application/json", "x-request-id": "req_1" }, body);
  const response = await answer;
  expect([response.status, response.headers.get("x-request-id"), await response.text()]).toEqual([401, "req_1", body]);
});
