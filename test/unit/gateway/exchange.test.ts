import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { RequestError } from "../../../src/core/errors.ts";
import { openaiChatFront } from "../../../src/llm/fronts/openai-chat.ts";
import type { Exchange, Plugin } from "../../../src/plugins/plugin.ts";
import { makePlugin, makeRoute } from "./entities.ts";
import { ask, askRaw, nextEnd, startGateway, type TestGateway } from "./start-gateway.ts";

let gateway: TestGateway | undefined;

afterEach(async () => {
  await gateway?.close();
  gateway = undefined;
});

/** A gateway whose only route is answered by `handle`. */
async function start(handle: Plugin["handle"]): Promise<number> {
  const config = { routes: [makeRoute({ name: "route", paths: ["/"] })], plugins: [makePlugin({ name: "answer" })] };
  gateway = await startGateway(config, { answer: handle });
  return gateway.port;
}

function answering(answer: (exchange: Exchange) => void | Promise<void>): Plugin["handle"] {
  return async (exchange) => await answer(exchange);
}

describe("an answer of a plugin", () => {
  it("is sent with its length, the latency, the request id and added headers", async () => {
    const port = await start(
      answering((exchange) => {
        exchange.addHeader("X-Added", "1");
        exchange.begin(201, ["Content-Type", "text/plain"]);
        exchange.end("hällo");
      }),
    );
    const ended = nextEnd();
    const reply = await ask(port, "/a?key=secret");
    expect(reply).toMatchObject({ status: 201, body: "hällo" });
    expect(reply.headers).toMatchObject({
      "content-type": "text/plain",
      "content-length": "6",
      "x-added": "1",
      server: "gw/test",
      "x-kong-response-latency": expect.stringMatching(/^\d+$/) as string,
      "x-kong-request-id": expect.stringMatching(/^[\da-f]{32}$/) as string,
    });
    expect(reply.headers).not.toHaveProperty("via");
    expect(await ended).toMatchObject({
      exchangeId: reply.headers["x-kong-request-id"],
      method: "GET",
      path: "/a",
      status: 201,
      bytesSent: 6,
      route: "route",
      isCancelled: false,
      clientAddress: "127.0.0.1",
    });
  });

  it("counts both latencies from the attempts", async () => {
    const port = await start(
      answering((exchange) => {
        exchange.markAttempt();
        exchange.markAttempt();
        exchange.begin(200, []);
        exchange.end();
      }),
    );
    const { headers } = await ask(port, "/");
    expect(headers).toMatchObject({
      "x-kong-upstream-latency": expect.stringMatching(/^\d+$/) as string,
      "x-kong-proxy-latency": expect.stringMatching(/^\d+$/) as string,
      via: "1.1 gw/test",
    });
    expect(headers).not.toHaveProperty("x-kong-response-latency");
    expect(headers).not.toHaveProperty("server");
  });

  it.each([
    ["known length, in pieces", ["Content-Length", "6"], ["abc", "def"], "abcdef"],
    [
      "known length above what is collected",
      ["Content-Length", "100000"],
      ["x".repeat(60_000), "x".repeat(40_000)],
      "x".repeat(100_000),
    ],
    ["unknown length, streamed", [], ["abc", "def"], "abcdef"],
    ["an empty stream", [], [], ""],
    ["bytes that are no UTF-8", ["Content-Length", "2"], [Buffer.from([0xe9, 0x0a])], "\ufffd\n"],
  ])("%s", async (_name, headers, chunks, body) => {
    const port = await start(
      answering((exchange) => {
        exchange.begin(200, headers);
        for (const chunk of chunks) exchange.write(chunk);
        exchange.end();
      }),
    );
    expect(await ask(port, "/")).toMatchObject({ status: 200, body });
  });

  it("sends the head of a stream before its first chunk", async () => {
    let write: ((chunk: string) => void) | undefined;
    const port = await start(
      answering((exchange) => {
        exchange.begin(200, ["Content-Type", "text/event-stream"]);
        write = (chunk) => exchange.end(chunk);
      }),
    );
    const received = await askRaw(port, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", (text) => {
      if (text.endsWith("\r\n\r\n") && !text.includes("data: 1")) write?.("data: 1\n\n");
      return text.endsWith("0\r\n\r\n");
    });
    expect(received).toContain("data: 1");
  });

  it.each([
    ["HEAD", 200],
    ["GET", 204],
    ["GET", 304],
  ])("%s with %d has no body", async (method, status) => {
    const port = await start(
      answering((exchange) => {
        exchange.begin(status, method === "HEAD" ? ["Content-Length", "5"] : []);
        exchange.end();
      }),
    );
    const received = await askRaw(port, `${method} / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(received).toMatch(/\r\n\r\n$/);
    expect(received.includes("Content-Length: 5")).toBe(method === "HEAD");
  });

  it("replaces what a header cannot carry in an added value", async () => {
    const port = await start(
      answering((exchange) => {
        exchange.addHeader("X-Added", "a\r\nX-Evil: 1…");
        exchange.begin(200, []);
        exchange.end("ok");
      }),
    );
    const { headers } = await ask(port, "/");
    expect(headers["x-added"]).toBe("a??X-Evil: 1?");
  });

  it("cuts the connection when the answer's own headers cannot be sent", async () => {
    const port = await start(
      answering((exchange) => {
        exchange.begin(200, ["X-Bad", "a\nb"]);
        exchange.end("ok");
      }),
    );
    await expect(ask(port, "/")).rejects.toThrow("socket hang up");
  });
});

describe("readBody", () => {
  const echo = (maxBytes: number): Plugin["handle"] =>
    answering(async (exchange) => {
      const body = await exchange.readBody(maxBytes);
      exchange.begin(200, []);
      exchange.end(body);
    });

  it.each([
    ["nothing", ""],
    ["a little", "hello"],
    ["many chunks", "x".repeat(300_000)],
  ])("gives %s", async (_name, body) => {
    expect(await ask(await start(echo(0)), "/", { method: "POST", body })).toMatchObject({ status: 200, body });
  });

  it("gives the same body twice, each time within the limit that was asked for", async () => {
    const port = await start(
      answering(async (exchange) => {
        const first = await exchange.readBody(0);
        const second = await exchange.readBody(100);
        expect(second).toBe(first);
        await exchange.readBody(3);
      }),
    );
    expect(await ask(port, "/", { method: "POST", body: "hello" })).toMatchObject({ status: 413 });
  });

  it.each([
    ["told beforehand", { "Content-Length": "5000000" }],
    ["found out while reading", { "Transfer-Encoding": "chunked" }],
  ])("refuses what is too large, %s, and the client reads why", async (_name, headers) => {
    const port = await start(echo(1_000));
    const ended = nextEnd();
    const reply = await ask(port, "/", { method: "POST", headers, body: Buffer.alloc(5_000_000) });
    expect(reply.status).toBe(413);
    expect(JSON.parse(reply.body)).toEqual({
      message:
        "The request's body is larger than 1000 bytes, which is the limit of this route (max_request_body_size or request-size-limiting).",
      request_id: reply.headers["x-kong-request-id"],
    });
    expect((await ended).errorCode).toBe("GW_REQUEST_TOO_LARGE");
  });

  it("ends when the client goes away in the middle of its body", async () => {
    const port = await start(answering(async (exchange) => void (await exchange.readBody(0))));
    const ended = nextEnd();
    await askAndLeave(port, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc", 1);
    expect(await ended).toMatchObject({ status: 499, isCancelled: true, errorCode: "GW_REQUEST_ABORTED" });
    expect(gateway?.server.inFlight).toBe(0);
  });
});

describe("a client that goes away", () => {
  it("is told to everyone who asked, at once to those who ask later, and nothing is written after it", async () => {
    const told: string[] = [];
    const listen = (exchange: Exchange, done: () => void): void => {
      exchange.onCancel(() => told.push("first"));
      exchange.onCancel(() => {
        told.push(exchange.isOver ? "over" : "not over");
        exchange.onCancel(() => told.push("late"));
        exchange.begin(200, []);
        exchange.write("nothing");
        exchange.end();
        done();
      });
    };
    const port = await start(answering((exchange) => new Promise((resolve) => listen(exchange, resolve))));
    const ended = nextEnd();
    await askAndLeave(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\n", 1);
    expect(await ended).toMatchObject({ isCancelled: true, status: 499, bytesSent: 0 });
    expect(told).toEqual(["first", "over", "late"]);
  });

  it("is noticed while its request waits behind another of the same connection", async () => {
    const port = await start(answering((exchange) => new Promise((resolve) => exchange.onCancel(resolve))));
    const one = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
    await askAndLeave(port, one + one, 2);
    await expect.poll(() => gateway?.server.inFlight).toBe(0);
  });
});

/** Sends `text`, waits until the gateway has `requests` in hand, and leaves. */
async function askAndLeave(port: number, text: string, requests: number): Promise<void> {
  const socket = connect(port, "127.0.0.1", () => socket.write(text));
  await expect.poll(() => gateway?.server.inFlight).toBe(requests);
  socket.destroy();
}

describe("a plugin's mistake", () => {
  it("calling next() twice is answered by 500 without saying why", async () => {
    const twice: Plugin["handle"] = async (_exchange, next) => {
      await next();
      await next();
    };
    const inner: Plugin["handle"] = async () => {};
    const plugins = [makePlugin({ name: "outer" }), makePlugin({ id: "2", name: "inner" })];
    gateway = await startGateway(
      { routes: [makeRoute({ paths: ["/"] })], plugins },
      {
        outer: { name: "outer", priority: 2, create: () => Promise.resolve({ handle: twice }) },
        inner: { name: "inner", priority: 1, create: () => Promise.resolve({ handle: inner }) },
      },
    );
    const reply = await ask(gateway.port, "/");
    expect(reply.status).toBe(500);
    expect(JSON.parse(reply.body)).toMatchObject({ message: "An unexpected error occurred" });
  });

  it.each<[string, Plugin["handle"]]>([
    ["answering nothing", async () => {}],
    ["throwing something odd", () => Promise.reject(new TypeError("x is not a function"))],
    [
      "beginning twice",
      async (exchange) => {
        exchange.begin(200, []);
        exchange.begin(200, []);
      },
    ],
  ])("%s is answered by 500", async (_name, handle) => {
    const reply = await ask(await start(handle), "/");
    expect(reply).toMatchObject({
      status: 500,
      body: expect.stringContaining("An unexpected error occurred") as string,
    });
  });
});

describe("errors", () => {
  const refuse =
    (errorBody: Exchange["errorBody"]): Plugin["handle"] =>
    async (exchange) => {
      exchange.errorBody = errorBody;
      await Promise.resolve();
      throw new RequestError("GW_REQUEST_INVALID", "request body doesn't contain valid prompts");
    };

  it("have Kong's shape, or OpenAI's when the plugin says so", async () => {
    const kong = await ask(await start(refuse(undefined)), "/");
    await gateway?.close();
    const openai = await ask(await start(refuse(openaiChatFront.errorBody)), "/");
    expect([kong.status, openai.status]).toEqual([400, 400]);
    expect(kong.headers["content-type"]).toBe("application/json; charset=utf-8");
    expect(JSON.parse(kong.body)).toEqual({
      message: "request body doesn't contain valid prompts",
      request_id: kong.headers["x-kong-request-id"],
    });
    expect(JSON.parse(openai.body)).toEqual({
      error: {
        message: "request body doesn't contain valid prompts",
        type: "invalid_request_error",
        param: null,
        code: "gw_request_invalid",
      },
    });
  });

  it("cut an answer of which something has been sent, and replace one of which nothing has", async () => {
    const failAfter =
      (length: string): Plugin["handle"] =>
      async (exchange) => {
        exchange.begin(200, ["Content-Length", length]);
        exchange.write("part");
        await Promise.resolve();
        throw new RequestError("GW_REQUEST_INVALID", "broken");
      };
    await expect(ask(await start(failAfter("100000")), "/")).rejects.toThrow("aborted");
    await gateway?.close();
    expect(await ask(await start(failAfter("100")), "/")).toMatchObject({ status: 400 });
  });
});
