import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { PassThrough } from "node:stream";
import { afterEach, expect, test } from "vitest";
import type { UpstreamError } from "../../../src/core/errors.ts";
import type { UpstreamRequest } from "../../../src/core/http-message.ts";
import { createUpstream } from "../../../src/upstream/create-upstream.ts";
import type { Upstream, UpstreamFlow, UpstreamHandler } from "../../../src/upstream/upstream.ts";
import { startFaultyServer } from "../../support/faulty-server.ts";
import { closedOrigin, type FakeUpstream, startFakeUpstream } from "../../support/fake-upstream.ts";

const timeouts = { connectMs: 5_000, writeMs: 5_000, headMs: 5_000, idleMs: 5_000 };
const opened: { close(): Promise<void> }[] = [];

afterEach(async () => {
  for (const part of opened.splice(0).reverse()) await part.close();
});

async function fake(options: Parameters<typeof startFakeUpstream>[0] = {}): Promise<FakeUpstream> {
  const started = await startFakeUpstream(options);
  opened.push(started);
  return started;
}

function upstreamOf(settings: Parameters<typeof createUpstream>[0] = {}): Upstream {
  const upstream = createUpstream(settings);
  opened.push(upstream);
  return upstream;
}

const post = (origin: string, body = "{}"): UpstreamRequest => ({
  method: "POST",
  origin,
  path: "/v1",
  headers: ["x-a", "1"],
  body: Buffer.from(body),
});

/** Notes every call; `over` settles at the last one. */
class Recorder implements UpstreamHandler {
  readonly calls: string[] = [];
  headers: readonly string[] = [];
  text = "";
  error: UpstreamError | undefined;
  flow: UpstreamFlow | undefined;
  accept = true;
  #settle: () => void = () => {};
  readonly over = new Promise<void>((resolve) => {
    this.#settle = resolve;
  });
  #waiter: { readonly text: string; readonly resolve: () => void } | undefined;

  /** Settles when `text` has been received. */
  received(text: string): Promise<void> {
    if (this.text.includes(text)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#waiter = { text, resolve };
    });
  }
  onStart(flow: UpstreamFlow): void {
    this.calls.push("start");
    this.flow = flow;
  }
  onHead(status: number, headers: readonly string[]): void {
    this.calls.push(`head ${status}`);
    this.headers = headers;
  }
  onData(chunk: Buffer): boolean {
    this.text += chunk.toString();
    if (this.#waiter !== undefined && this.text.includes(this.#waiter.text)) {
      this.#waiter.resolve();
      this.#waiter = undefined;
    }
    return this.accept;
  }
  onEnd(): void {
    this.calls.push("end");
    this.#settle();
  }
  onError(error: UpstreamError): void {
    this.calls.push(`error ${error.code}`);
    this.error = error;
    this.#settle();
  }
}

async function sendTo(upstream: Upstream, request: UpstreamRequest, limits = timeouts): Promise<Recorder> {
  const recorder = new Recorder();
  upstream.send(request, limits, recorder);
  await recorder.over;
  return recorder;
}

test("relays status, head without hop-by-hop headers, and body", async () => {
  const server = await fake({
    reply: (request) =>
      request.answer(
        201,
        { "X-One": "1", connection: "keep-alive, x-gone", "x-gone": "yes" },
        `got ${request.body.toString()}`,
      ),
  });
  const recorder = await sendTo(upstreamOf(), post(server.origin, "body"));
  expect(recorder.calls).toEqual(["start", "head 201", "end"]);
  expect(recorder.text).toBe("got body");
  const names = recorder.headers.filter((_, index) => index % 2 === 0);
  expect(names).toEqual(expect.arrayContaining(["X-One", "content-length"]));
  expect(names.map((name) => name.toLowerCase())).not.toEqual(expect.arrayContaining(["connection"]));
  expect(names).not.toContain("x-gone");
});

test("keeps a connection for the next request", async () => {
  const server = await fake({ reply: (request) => request.answer(200, {}, "ok") });
  const upstream = upstreamOf();
  for (let index = 0; index < 10; index++) await sendTo(upstream, post(server.origin));
  // undici gives a connection free a turn of the event loop after its answer: a hurried second request may open one more.
  expect(server.connections).toBeLessThanOrEqual(2);
});

test("sends requests side by side, each on its own connection", async () => {
  const server = await fake();
  const upstream = upstreamOf();
  const first = new Recorder();
  const second = new Recorder();
  upstream.send(post(server.origin), timeouts, first);
  upstream.send(post(server.origin), timeouts, second);
  const [one, two] = [await server.next(), await server.next()];
  one.answer(200, {}, "1");
  two.answer(200, {}, "2");
  await Promise.all([first.over, second.over]);
  expect(server.connections).toBe(2);
});

test("cancel closes the connection and is heard as an aborted request", async () => {
  const server = await fake();
  const recorder = new Recorder();
  upstreamOf().send(post(server.origin), timeouts, recorder);
  const request = await server.next();
  request.head(200, {});
  await request.write("one");
  await recorder.received("one");
  recorder.flow?.cancel();
  await request.gone;
  expect(recorder.calls).toEqual(["start", "head 200", "error GW_UPSTREAM_ABORTED"]);
});

test("cancel after the end says nothing more", async () => {
  const server = await fake({ reply: (request) => request.answer(200, {}, "ok") });
  const recorder = await sendTo(upstreamOf(), post(server.origin));
  recorder.flow?.cancel();
  expect(recorder.calls.at(-1)).toBe("end");
});

test("cancel in onStart sends nothing", async () => {
  const server = await fake();
  const upstream = upstreamOf();
  const recorder = new Recorder();
  recorder.onStart = (flow) => flow.cancel();
  upstream.send(post(server.origin), timeouts, recorder);
  await recorder.over;
  expect(recorder.calls).toEqual(["error GW_UPSTREAM_ABORTED"]);
  expect(server.requests).toHaveLength(0);
});

test("a full reader stops the upstream until it resumes", async () => {
  const server = await fake();
  const recorder = new Recorder();
  recorder.accept = false;
  upstreamOf().send(post(server.origin), timeouts, recorder);
  const request = await server.next();
  const megabytes = 16;
  request.head(200, {});
  const written = (async () => {
    for (let index = 0; index < megabytes; index++) await request.write(Buffer.alloc(1 << 20, 97));
    request.end();
  })();
  await recorder.received("a");
  const whilePaused = recorder.text.length;
  expect(whilePaused).toBeLessThan(1 << 20);
  recorder.accept = true;
  recorder.flow?.resume();
  await written;
  await recorder.over;
  expect(recorder.text).toHaveLength(megabytes << 20);
});

test("the host of connectTo is dialled under the original's name", async () => {
  const server = await fake({ reply: (request) => request.answer(200, {}, String(request.headers["host"])) });
  const upstream = upstreamOf({ connectTo: new Map([["api.openai.test:443", new URL(server.origin)]]) });
  const recorder = await sendTo(upstream, post("https://api.openai.test"));
  expect(recorder.text).toBe("api.openai.test");
});

const tls = {
  key: readFileSync("fixtures/tls/api.openai.test.key.pem", "utf8"),
  cert: readFileSync("fixtures/tls/api.openai.test.cert.pem", "utf8"),
};

test("connectTo with TLS keeps the server name and checks the certificate against it", async () => {
  const server = await fake({ tls, reply: (request) => request.answer(200, {}, request.serverName ?? "") });
  const connectTo = new Map([
    ["api.openai.test:443", new URL(server.origin)],
    ["api.other.test:443", new URL(server.origin)],
  ]);
  const trusting = upstreamOf({ connectTo, ca: tls.cert });
  expect((await sendTo(trusting, post("https://api.openai.test"))).text).toBe("api.openai.test");
  expect((await sendTo(trusting, post("https://api.other.test"))).calls).toEqual(["error GW_UPSTREAM_TLS"]);
  expect((await sendTo(upstreamOf({ connectTo }), post("https://api.openai.test"))).calls).toEqual([
    "error GW_UPSTREAM_TLS",
  ]);
});

test("an upstream is reached by a connection alone, as a request would connect", async () => {
  const server = await fake({ tls });
  const connectTo = new Map([
    ["api.openai.test:443", new URL(server.origin)],
    ["api.other.test:443", new URL(server.origin)],
  ]);
  const upstream = upstreamOf({ connectTo, ca: tls.cert });
  const { signal } = new AbortController();
  await upstream.reach("https://api.openai.test", { signal });
  expect(server.requests).toEqual([]);
  await expect(upstream.reach("https://api.other.test", { signal })).rejects.toMatchObject({ code: "GW_UPSTREAM_TLS" });
  await expect(upstream.reach(await closedOrigin(), { signal })).rejects.toMatchObject({ code: "GW_UPSTREAM_CONNECT" });
  await expect(upstream.reach("http://[::1]:9", { signal })).rejects.toMatchObject({ code: "GW_UPSTREAM_CONNECT" });
  const gone = AbortSignal.abort(new Error("given up"));
  await expect(upstream.reach("https://api.openai.test", { signal: gone })).rejects.toThrow("given up");
});

test("a refused connection was not sent", async () => {
  const recorder = await sendTo(upstreamOf(), post(await closedOrigin()));
  expect(recorder.calls).toEqual(["error GW_UPSTREAM_CONNECT"]);
  expect(recorder.error?.details).toMatchObject({ sent: false, cause: "ECONNREFUSED" });
});

test("an unknown host is a DNS error", async () => {
  const recorder = await sendTo(upstreamOf(), post("http://nowhere.invalid"));
  expect(recorder.calls).toEqual(["error GW_UPSTREAM_DNS"]);
  expect(recorder.error?.message).toContain("nowhere.invalid:80");
});

test("a server that does not speak TLS is a TLS error", async () => {
  const server = await fake();
  const recorder = await sendTo(upstreamOf(), post(server.origin.replace("http:", "https:")));
  expect(recorder.calls).toEqual(["error GW_UPSTREAM_TLS"]);
});

test("a connection that is not answered in time, before and after the head", async () => {
  const server = await fake();
  const upstream = upstreamOf();
  const silent = new Recorder();
  upstream.send(post(server.origin), { ...timeouts, headMs: 30 }, silent);
  await silent.over;
  expect(silent.calls).toEqual(["start", "error GW_UPSTREAM_TIMEOUT"]);
  expect(silent.error?.details).toMatchObject({ sent: true });
  await server.next();

  const stalled = new Recorder();
  upstream.send(post(server.origin), { ...timeouts, idleMs: 30 }, stalled);
  const request = await server.next();
  request.head(200, {});
  await stalled.over;
  expect(stalled.calls).toEqual(["start", "head 200", "error GW_UPSTREAM_TIMEOUT"]);
});

test("a large request that the server does not read has a time limit of its own", async () => {
  const server = await startFaultyServer(() => {}, { reads: false });
  opened.push(server);
  const body = "x".repeat(32 << 20);
  const limits = { ...timeouts, writeMs: 30, headMs: 0 };
  const recorder = await sendTo(upstreamOf(), post(`http://127.0.0.1:${server.port}`, body), limits);
  expect(recorder.calls).toEqual(["start", "error GW_UPSTREAM_TIMEOUT"]);
  expect(recorder.error?.message).toContain("did not take the whole request in time");
  expect(recorder.error?.details).toMatchObject({ sent: true });
});

test("a large request arrives whole, with its length", async () => {
  const server = await fake({ reply: (request) => request.answer(200, {}, String(request.headers["content-length"])) });
  const body = Array.from({ length: 100_000 }, (_, number) => String(number)).join();
  const recorder = await sendTo(upstreamOf(), post(server.origin, body));
  expect(recorder.text).toBe(String(body.length));
  expect(server.requests[0]?.body.toString() === body).toBe(true);
  const told = { ...post(server.origin, body), headers: ["content-length", String(body.length)] };
  expect((await sendTo(upstreamOf(), told)).text).toBe(String(body.length));
});

test("a streamed request may wait for its client as long as it likes", async () => {
  const server = await fake({ reply: (request) => request.answer(200, {}, request.body.toString()) });
  const upstream = upstreamOf();
  const body = new PassThrough();
  const recorder = new Recorder();
  const limits = { ...timeouts, writeMs: 30, headMs: 30 };
  upstream.send({ ...post(server.origin), body }, limits, recorder);
  body.write("one ");
  await runIntoLimit(upstream, 60);
  body.end("two");
  await recorder.over;
  expect(recorder.text).toBe("one two");
});

/** Time passes: another request is not answered. */
async function runIntoLimit(upstream: Upstream, headMs: number): Promise<void> {
  const silent = await fake();
  const { calls } = await sendTo(upstream, post(silent.origin), { ...timeouts, headMs });
  expect(calls).toEqual(["start", "error GW_UPSTREAM_TIMEOUT"]);
}

test("a reset before and in the middle of the answer", async () => {
  const server = await fake();
  const upstream = upstreamOf();
  const before = new Recorder();
  upstream.send(post(server.origin), timeouts, before);
  (await server.next()).reset();
  await before.over;
  expect(before.calls).toEqual(["start", "error GW_UPSTREAM_RESET"]);
  expect(before.error?.details).toMatchObject({ sent: true });

  const middle = new Recorder();
  upstream.send(post(server.origin), timeouts, middle);
  const request = await server.next();
  request.head(200, {});
  await request.write("half");
  await middle.received("half");
  request.reset();
  await middle.over;
  expect(middle.calls).toEqual(["start", "head 200", "error GW_UPSTREAM_RESET"]);
});

test("an answer that ends before its content-length is not an end", async () => {
  const server = await fake();
  const recorder = new Recorder();
  upstreamOf().send(post(server.origin), timeouts, recorder);
  const request = await server.next();
  request.raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf");
  await recorder.received("half");
  request.reset();
  await recorder.over;
  expect(recorder.calls.at(-1)).toBe("error GW_UPSTREAM_RESET");
});

test("an answer that is not HTTP is invalid", async () => {
  const server = await fake();
  const recorder = new Recorder();
  upstreamOf().send(post(server.origin), timeouts, recorder);
  (await server.next()).raw("SSH-2.0-OpenSSH_9.6\r\n");
  await recorder.over;
  expect(recorder.error?.cause).toBeUndefined();
  expect(recorder.calls).toEqual(["start", "error GW_UPSTREAM_INVALID"]);
});

test("an interim response is not the head", async () => {
  const server = await fake();
  const recorder = new Recorder();
  upstreamOf().send(post(server.origin), timeouts, recorder);
  const request = await server.next();
  request.raw("HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n");
  request.answer(200, {}, "ok");
  await recorder.over;
  expect(recorder.calls).toEqual(["start", "head 200", "end"]);
});

test("a request that cannot be written as HTTP fails alone", async () => {
  const server = await fake({ reply: (request) => request.answer(200, {}, "ok") });
  const upstream = upstreamOf();
  await sendTo(upstream, post(server.origin));
  const bad = await sendTo(upstream, { ...post(server.origin), headers: ["authorization", "Bearer marked-secret\n"] });
  expect(bad.calls).toEqual(["error GW_BUG"]);
  expect(JSON.stringify(bad.error) + String(bad.error) + bad.error?.message).not.toContain("marked-secret");
  expect((await sendTo(upstream, post(server.origin))).calls.at(-1)).toBe("end");
});

test("collect returns a whole answer, joins repeated headers, and refuses a larger one", async () => {
  const server = await fake({
    reply: (request) => request.raw("HTTP/1.1 200 OK\r\nX-A: 1\r\nx-a: 2\r\ncontent-length: 5\r\n\r\nhello"),
  });
  const upstream = upstreamOf();
  const { signal } = new AbortController();
  const response = await upstream.collect(post(server.origin), { signal, maxBytes: 5 });
  expect(response).toMatchObject({ status: 200, headers: { "x-a": "1, 2" } });
  expect(response.body.toString()).toBe("hello");
  await expect(upstream.collect(post(server.origin), { signal, maxBytes: 4 })).rejects.toMatchObject({
    code: "GW_UPSTREAM_TOO_LARGE",
  });
});

test("collect rejects with the signal's reason and closes the connection", async () => {
  const server = await fake();
  const controller = new AbortController();
  const reason = new Error("enough");
  const answer = upstreamOf().collect(post(server.origin), { signal: controller.signal, maxBytes: 10 });
  const request = await server.next();
  controller.abort(reason);
  await expect(answer).rejects.toBe(reason);
  await request.gone;
});

test("collect rejects at once when it is aborted while connecting", async () => {
  const deaf = createServer().listen({ port: 0, host: "127.0.0.1" });
  await once(deaf, "listening");
  deaf.maxConnections = 0;
  const controller = new AbortController();
  const { port } = deaf.address() as AddressInfo;
  const answer = upstreamOf().collect(post(`https://127.0.0.1:${port}`), { signal: controller.signal, maxBytes: 10 });
  controller.abort(new Error("enough"));
  await expect(answer).rejects.toThrow("enough");
  deaf.close();
});
