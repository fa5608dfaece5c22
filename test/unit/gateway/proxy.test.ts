import { request, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Route, Service } from "../../../src/config/types.ts";
import { type FakeUpstream, startFakeUpstream } from "../../support/fake-upstream.ts";
import { makePlugin, makeRoute, makeService } from "./entities.ts";
import { ask, nextEnd, startGateway, startUpstream, type TestGateway, type TestPlugins } from "./start-gateway.ts";

let gateway: TestGateway;
let upstream: FakeUpstream;

beforeEach(async () => {
  upstream = await startFakeUpstream();
});

afterEach(async () => {
  await gateway.close();
  await upstream.close();
});

async function start(
  fields: { readonly route?: Partial<Route>; readonly service?: Partial<Service> } = {},
  plugins: TestPlugins = {},
): Promise<number> {
  const service = makeService({ port: upstream.port, ...fields.service });
  const route = makeRoute({ name: "route", paths: ["/api"], service: { id: service.id }, ...fields.route });
  const entities = Object.keys(plugins).map((name, index) => makePlugin({ id: String(index), name }));
  gateway = await startGateway({ services: [service], routes: [route], plugins: entities }, plugins);
  return gateway.port;
}

describe("a request to a plain service", () => {
  it("goes on with method, path, query, body and headers, those of the connection replaced", async () => {
    const port = await start({ service: { path: "/base" } });
    const asked = ask(port, "/api/a%2fb/../c?x=1&y=%20", {
      method: "PUT",
      headers: {
        "X-Custom": "1",
        Accept: ["a", "b"],
        Connection: "close, X-Drop",
        "X-Drop": "1",
        TE: "trailers",
        "X-Real-IP": "6.6.6.6",
        "X-Forwarded-For": "1.2.3.4",
        "X-Forwarded-Proto": "https",
      },
      body: "hello",
    });
    const received = await upstream.next();
    received.answer(200, { "content-type": "text/plain" }, "done");
    const reply = await asked;
    expect(received).toMatchObject({ method: "PUT", path: "/base/c?x=1&y=%20" });
    expect(received.body.toString()).toBe("hello");
    expect(received.headers).toMatchObject({
      host: `127.0.0.1:${upstream.port}`,
      "content-length": "5",
      "x-custom": "1",
      accept: "a, b",
      "x-forwarded-for": "1.2.3.4, 127.0.0.1",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "127.0.0.1",
      "x-forwarded-port": String(port),
      "x-forwarded-path": "/api/a%2fb/../c",
      "x-forwarded-prefix": "/api",
      "x-real-ip": "127.0.0.1",
      "x-kong-request-id": reply.headers["x-kong-request-id"],
    });
    expect(Object.keys(received.headers)).not.toEqual(expect.arrayContaining(["x-drop"]));
    expect(Object.keys(received.headers)).not.toEqual(expect.arrayContaining(["te"]));
    expect(reply).toMatchObject({
      status: 200,
      body: "done",
      headers: { via: "1.1 gw/test", "content-type": "text/plain", "content-length": "4" },
    });
    expect(reply.headers).toHaveProperty("x-kong-upstream-latency");
    expect(reply.headers).toHaveProperty("x-kong-proxy-latency");
  });

  it.each(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])("may be %s", async (method) => {
    const port = await start();
    const asked = ask(port, "/api", { method });
    const received = await upstream.next();
    received.answer(202, { "x-method": received.method }, method === "HEAD" ? "" : "ok");
    expect(await asked).toMatchObject({ status: 202, headers: { "x-method": method } });
  });

  it("keeps the client's host and the whole path where the route says so", async () => {
    const port = await start({ route: { preserve_host: true, strip_path: false } });
    const asked = ask(port, "/api/x", { headers: { Host: "client.example:81" } });
    const received = await upstream.next();
    received.answer(200, {});
    await asked;
    expect(received.path).toBe("/api/x");
    expect(received.headers).toMatchObject({ host: "client.example:81", "x-forwarded-host": "client.example" });
    expect(received.headers).not.toHaveProperty("x-forwarded-prefix");
  });

  it("carries a body that a plugin has read", async () => {
    const port = await start(
      {},
      {
        reader: async (exchange, next) => {
          exchange.addHeader("X-Body", (await exchange.readBody(0)).toString());
          await next();
        },
      },
    );
    const asked = ask(port, "/api", { method: "POST", body: "hello" });
    const received = await upstream.next();
    received.answer(200, {});
    expect(received.body.toString()).toBe("hello");
    expect((await asked).headers["x-body"]).toBe("hello");
  });

  it("streams a body of unknown length up while it comes, and the answer down", async () => {
    const seen: string[] = [];
    const echo = await startUpstream((incoming, response) => {
      response.writeHead(200);
      response.flushHeaders();
      incoming.on("data", (chunk: Buffer) => {
        seen.push(`${incoming.headers["transfer-encoding"]} ${chunk.toString()}`);
        response.write(chunk);
      });
      incoming.on("end", () => response.end());
    });
    const port = await start({ service: { port: echo.port } });
    const sent = request({ host: "127.0.0.1", port, path: "/api", method: "POST", agent: false });
    sent.write("one");
    const response = await new Promise<IncomingMessage>((resolve) => sent.on("response", resolve));
    const first = await new Promise<Buffer>((resolve) => response.once("data", resolve));
    expect(first.toString()).toBe("one");
    sent.write("two");
    const second = await new Promise<Buffer>((resolve) => response.once("data", resolve));
    expect(second.toString()).toBe("two");
    sent.end();
    await new Promise((resolve) => response.once("end", resolve));
    expect(seen).toEqual(["chunked one", "chunked two"]);
    await echo.close();
  });

  it("carries large bodies both ways unchanged", async () => {
    const port = await start();
    const body = Buffer.alloc(3_000_000, "0123456789");
    const asked = ask(port, "/api", { method: "POST", body });
    const received = await upstream.next();
    received.answer(200, {}, received.body);
    expect((await asked).body).toBe(body.toString());
  });
});

describe("backpressure", () => {
  it("a client that does not read stops the upstream", async () => {
    const chunk = Buffer.alloc(64 * 1024, "x");
    const total = 100 * 1024 * 1024;
    let written = 0;
    const endless = await startUpstream((_incoming, response) => {
      response.writeHead(200, { "Content-Length": String(total) });
      const pump = (): void => {
        while (written < total) {
          written += chunk.length;
          if (!response.write(chunk)) {
            response.once("drain", pump);
            return;
          }
        }
        response.end();
      };
      pump();
    });
    const port = await start({ service: { port: endless.port } });
    const socket = connect(port, "127.0.0.1", () =>
      socket.write("GET /api HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
    );
    socket.pause();
    // Still for 20 looks in a row: the upstream has stopped, and far from its end.
    let before = 0;
    let looksStill = 0;
    await expect
      .poll(
        () => {
          looksStill = written > 0 && written === before ? looksStill + 1 : 0;
          before = written;
          return looksStill;
        },
        { interval: 10, timeout: 10_000 },
      )
      .toBeGreaterThan(20);
    expect(written).toBeLessThan(total / 2);
    let received = 0;
    socket.on("data", (data) => {
      received += data.length;
    });
    socket.resume();
    await new Promise((resolve) => socket.once("close", resolve));
    expect(received).toBeGreaterThan(total);
    await endless.close();
  });
});

describe("a client that goes away", () => {
  it.each<[string, boolean]>([
    ["before the upstream answers", false],
    ["in the middle of the answer", true],
  ])("%s: the upstream's request is closed", async (_name, hasBegun) => {
    const port = await start();
    const ended = nextEnd();
    const socket = connect(port, "127.0.0.1", () => socket.write("GET /api HTTP/1.1\r\nHost: a\r\n\r\n"));
    const received = await upstream.next();
    if (hasBegun) {
      received.head(200, {});
      const data = new Promise((resolve) => socket.once("data", resolve));
      await received.write("part");
      await data;
    }
    socket.destroy();
    await received.gone;
    expect(await ended).toMatchObject(
      hasBegun
        ? { isCancelled: true, status: 200, errorCode: undefined }
        : { isCancelled: true, status: 499, errorCode: "GW_REQUEST_ABORTED" },
    );
    expect(gateway.server.inFlight).toBe(0);
  });

  it("in the middle of its own body: the upstream's request is closed", async () => {
    let isAsked = false;
    let isGone = false;
    const slow = await startUpstream((incoming) => {
      isAsked = true;
      incoming.resume().on("error", () => {
        isGone = true;
      });
    });
    const port = await start({ service: { port: slow.port } });
    const socket = connect(port, "127.0.0.1", () =>
      socket.write("POST /api HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"),
    );
    await expect.poll(() => isAsked).toBe(true);
    socket.destroy();
    await expect.poll(() => isGone).toBe(true);
    await slow.close();
  });
});
