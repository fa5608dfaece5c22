import { mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { askChat, request, sendRaw } from "../support/ask.ts";
import { aiConfig, type Providers, startProviders, withRoute, writeConfig } from "../support/providers.ts";
import { expectNoSecretHeard } from "../support/secrecy.ts";
import { type ServedGw, serveGw } from "../support/serve-gw.ts";

const requestId = /^[0-9a-f]{32}$/;
const json = { "content-type": "application/json" };
const hello = JSON.stringify({ messages: [{ role: "user", content: "Hello" }] });

let providers: Providers;
let gw: ServedGw;
let cwd: string;

beforeAll(async () => {
  cwd = mkdtempSync(join(tmpdir(), "gw-bad-requests-"));
  const small = ["    config:\n", "    config:\n      max_request_body_size: 2000\n"] as const;
  writeConfig(cwd, withRoute(aiConfig, "small", small));
  providers = await startProviders();
  gw = await serveGw([...providers.flags, "kong.yaml"], { cwd, env: providers.env });
});

afterAll(async () => {
  expect(await gw.stop()).toBe(0);
  expectNoSecretHeard();
  await providers.close();
  rmSync(cwd, { recursive: true });
});

/** What was asked must not have hurt: gw still answers, and has said nothing that is its own business. */
afterEach(async () => {
  expect((await askChat(gw.origin, "What is the derivative of sin(x)?")).status).toBe(200);
  expectNoSecretHeard();
  expect(gw.output()).not.toMatch(/^ +at |node:internal|unhandled/im);
  expect(gw.output()).not.toContain("gw-bug");
});

/** OpenAI's shape, which the SDKs turn into exceptions. */
function expectChatError(
  answer: Awaited<ReturnType<typeof request>>,
  status: number,
  code: string,
  message: unknown,
): void {
  expect(answer.json).toEqual({ error: { message, type: "invalid_request_error", param: null, code } });
  expectOwnAnswer(answer, status);
}

function expectOwnAnswer(answer: Awaited<ReturnType<typeof request>>, status: number): void {
  expect(answer.status).toBe(status);
  expect(answer.headers.get("content-type")).toBe("application/json; charset=utf-8");
  expect(answer.headers.get("x-kong-request-id")).toMatch(requestId);
  expect(answer.headers.get("x-kong-response-latency")).toMatch(/^\d+$/);
  expect(answer.text).not.toMatch(/node_modules|\.[jt]s:\d|\bat \S+ \(/);
}

describe("a chat request that gw cannot use", () => {
  const unreadable = "content-type header does not match request body, or bad JSON formatting";
  const noPrompts = "request body doesn't contain valid prompts";
  const aMessage = /^request body doesn't contain valid prompts: messages\[0\] needs a role, and content that is text/;
  it.each<[string, string | Buffer | undefined, unknown]>([
    ["no body", undefined, unreadable],
    ["an empty body", "", unreadable],
    ["a body that is not JSON", "messages=Hello", unreadable],
    ["JSON that is cut off", hello.slice(0, -2), unreadable],
    ["bytes that are no text", Buffer.from([0xff, 0xfe, 0x00, 0x01]), unreadable],
    ["JSON that is no object", "[1, 2]", unreadable],
    ["null", "null", unreadable],
    ["no messages", "{}", noPrompts],
    ["an empty list of messages", '{"messages": []}', noPrompts],
    ["messages that are no list", '{"messages": "Hello"}', noPrompts],
    ["a message that is no object", '{"messages": ["Hello"]}', expect.stringMatching(aMessage)],
    ["a message without a role", '{"messages": [{"content": "Hello"}]}', expect.stringMatching(aMessage)],
    ["content that is a number", '{"messages": [{"role": "user", "content": 7}]}', expect.stringMatching(aMessage)],
    [
      "both messages and a prompt",
      `${hello.slice(0, -1)}, "prompt": "Hello"}`,
      "request matches multiple LLM request formats",
    ],
    [
      "a prompt, which is another format",
      '{"prompt": "Hello"}',
      "[llm/v1/completions] message format is not compatible with [llm/v1/chat] route type",
    ],
    ["JSON that is nested too deep for gw's providers", `{"messages": ${"[".repeat(200_000)}`, unreadable],
  ])("%s", async (_, body, message) => {
    const answer = await request(`${gw.origin}/anything`, { method: "POST", headers: json, body: body ?? null });
    expectChatError(answer, 400, "gw_request_invalid", message);
  });

  it("of another content type", async () => {
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"]) {
      const answer = await request(`${gw.origin}/anything`, {
        method: "POST",
        headers: { "content-type": type },
        body: hello,
      });
      expectChatError(answer, 400, "gw_request_invalid", unreadable);
    }
  });

  it.each(["GET", "PUT", "DELETE", "PATCH", "OPTIONS"])("by %s", async (method) => {
    const answer = await request(`${gw.origin}/anything`, { method });
    expect(answer.headers.get("allow")).toBe("POST");
    expectChatError(
      answer,
      405,
      "gw_request_method",
      `This route serves chat completions: send a POST with a JSON body, not ${method}.`,
    );
  });

  it("larger than its route allows, with its length told before or not", async () => {
    const large = { messages: [{ role: "user", content: "x".repeat(3_000) }] };
    const message =
      "The request's body is larger than 2000 bytes, which is the limit of this route (max_request_body_size or request-size-limiting).";
    const init = { method: "POST", headers: json, body: JSON.stringify(large) };
    expectChatError(await request(`${gw.origin}/small`, init), 413, "gw_request_too_large", message);
    const body = new Blob([JSON.stringify(large)]).stream();
    const unknown = await request(`${gw.origin}/small`, { ...init, body, duplex: "half" });
    expectChatError(unknown, 413, "gw_request_too_large", message);
  });
});

describe("a prompt that is odd, and allowed", () => {
  it.each<[string, string]>([
    ["a high surrogate without its half", "What is \ud83d?"],
    ["a low surrogate without its half", "What is \ude00?"],
    ["NUL and other control characters", "What \u0000 is \u0007\u001b[31m this?"],
    ["nothing but white space", "   \n\t "],
    ["the empty text", ""],
    ["many languages", "什么是导数？ Что такое производная? مشتقة 🧮"],
    ["200 kB", "What is the derivative of sin(x)? ".repeat(6_000)],
    ["what looks like a reference", "{vault://hashicorp-vault/openai/key} {vault://env/path}"],
    ["what looks like a template", '${{ env "DECK_VAULT_TOKEN" }}'],
  ])("%s", async (_, prompt) => {
    const answer = await askChat(gw.origin, prompt);
    expect(answer).toMatchObject({ status: 200, json: { object: "chat.completion" } });
    const last = providers.requests.findLast(({ path }) => path === "/v1/chat/completions");
    expect(last?.body?.["messages"]).toEqual([{ role: "user", content: prompt }]);
  });

  it("parts of many kinds", async () => {
    const content = [
      { type: "text", text: "What is the derivative of sin(x)?" },
      { type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } },
    ];
    const answer = await askChat(gw.origin, "", { messages: [{ role: "user", content }] });
    expect(answer).toMatchObject({ status: 200, json: { model: "gpt-4o" } });
  });

  it("a body of the type application/json with a charset, or of no type at all", async () => {
    for (const headers of [{ "content-type": "Application/JSON; charset=UTF-8" }, {}]) {
      const body = Buffer.from(hello);
      expect(await request(`${gw.origin}/anything`, { method: "POST", headers, body })).toMatchObject({ status: 200 });
    }
  });
});

describe("a request that no route takes", () => {
  it.each([
    "/",
    "/nothing-here",
    "/status/ready",
    "/anything/../../../etc/passwd",
    "/anything/%2e%2e/%2e%2e/etc/passwd",
    "/%00",
    "/%",
    "//anything",
  ])("%s", async (path) => {
    const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
    const answer = await sendRaw(gw.origin, head);
    const [first = "", body = ""] = answer.split("\r\n\r\n");
    // Kong merges slashes, so the last of them is the route /anything, whose plugin wants a body.
    if (path === "//anything") {
      expect(first).toMatch(/^HTTP\/1\.1 400 /);
      return;
    }
    expect(first).toMatch(/^HTTP\/1\.1 404 Not Found\r\n/);
    const id = /^X-Kong-Request-Id: (\S+)/im.exec(first)?.[1];
    expect(id).toMatch(requestId);
    expect(JSON.parse(body)).toEqual({ message: "no Route matched with those values", request_id: id });
  });
});

describe("bytes that are no request", () => {
  const lines = (...all: readonly string[]): string => `${all.join("\r\n")}\r\n\r\n`;
  const post = "POST /anything HTTP/1.1";
  it.each<[string, string, number, string]>([
    ["garbage", "\u0016\u0003\u0001 hello\r\n\r\n", 400, "Bad request"],
    ["a line without a version", "GET\r\n\r\n", 400, "Bad request"],
    ["no Host", lines("GET / HTTP/1.1", "Connection: close"), 400, "An HTTP/1.1 request needs a Host header."],
    ["a header without a colon", lines(post, "Host: a", "nonsense"), 400, "Bad request"],
    ["NUL in a header", lines(post, "Host: a", "X-A: a\u0000b"), 400, "Bad request"],
    ["two lengths", lines(post, "Host: a", "Content-Length: 2", "Content-Length: 3"), 400, "Bad request"],
    ["a length that is none", lines(post, "Host: a", "Content-Length: -1"), 400, "Bad request"],
    [
      "a length and chunks, as smugglers send",
      lines(post, "Host: a", "Content-Length: 4", "Transfer-Encoding: chunked"),
      400,
      "Bad request",
    ],
    [
      "a header of 64 kB",
      lines(post, "Host: a", `X-Large: ${"x".repeat(65_536)}`),
      431,
      "Request header or cookie too large",
    ],
    [
      "100,000 headers",
      lines(post, "Host: a", ...Array.from({ length: 100_000 }, (_, index) => `X-${index}: ${index}`)),
      431,
      "Request header or cookie too large",
    ],
    [
      "a path of 64 kB",
      lines(`GET /${"x".repeat(65_536)} HTTP/1.1`, "Host: a"),
      431,
      "Request header or cookie too large",
    ],
    ["CONNECT", lines("CONNECT example.com:443 HTTP/1.1", "Host: a"), 405, "CONNECT is not supported"],
    [
      "a WebSocket with too short a key",
      lines(
        "GET /anything HTTP/1.1",
        "Host: a",
        "Connection: Upgrade, close",
        "Upgrade: websocket",
        "Sec-WebSocket-Key: eA==",
        "Sec-WebSocket-Version: 13",
      ),
      400,
      "A WebSocket handshake needs a Sec-WebSocket-Key of 16 bytes.",
    ],
  ])("%s", async (_, bytes, status, message) => {
    const answer = await sendRaw(gw.origin, bytes);
    expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    expect(answer).toMatch(/^X-Kong-Request-Id: [0-9a-f]{32}/im);
    expect(answer).toContain(message);
  });

  it("a body that is shorter than promised is over when its client goes away", async () => {
    const { hostname, port } = new URL(gw.origin);
    const socket = connect(Number(port), hostname);
    socket.write(`${post}\r\nHost: a\r\nX-Short: yes\r\nContent-Length: 100\r\n\r\n{"messages"`);
    const inFlight = async (): Promise<unknown> =>
      ((await request(`${gw.admin}/status`)).json as { in_flight: number }).in_flight;
    await expect.poll(inFlight).toBe(1);
    socket.destroy();
    await expect.poll(inFlight).toBe(0);
    expect(await gw.logLine((line) => line["cancelled"] === true)).toMatchObject({
      method: "POST",
      path: "/anything",
      status: 499,
      error_code: "GW_REQUEST_ABORTED",
    });
  });
});
