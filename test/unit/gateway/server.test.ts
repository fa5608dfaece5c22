import { readFileSync } from "node:fs";
import { request as requestTls } from "node:https";
import { connect } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import type { GatewayConfig } from "../../../src/config/types.ts";
import { UsageError } from "../../../src/core/errors.ts";
import type { Plugin } from "../../../src/plugins/plugin.ts";
import { makePlugin, makeRoute, makeService } from "./entities.ts";
import { ask, askRaw, nextEnd, startGateway, type TestGateway, type TestPlugins } from "./start-gateway.ts";

let gateway: TestGateway;

afterEach(async () => await gateway.close());

async function start(config: Partial<GatewayConfig>, plugins: TestPlugins = {}): Promise<number> {
  gateway = await startGateway(config, plugins);
  return gateway.port;
}

const answerPath: Plugin["handle"] = (exchange) => {
  const { request } = exchange;
  exchange.begin(200, []);
  exchange.end(`${request.path}|${request.query}`);
  return Promise.resolve();
};
const plugins = [makePlugin({ name: "answer" })];
const everything = { routes: [makeRoute({ name: "all", paths: ["/"] })], plugins };

describe("a request that no service answers", () => {
  it("matches no route: 404", async () => {
    const port = await start({ routes: [makeRoute({ paths: ["/a"] })] });
    const ended = nextEnd();
    const reply = await ask(port, "/b");
    expect(reply.status).toBe(404);
    expect(JSON.parse(reply.body)).toEqual({
      message: "no Route matched with those values",
      request_id: reply.headers["x-kong-request-id"],
    });
    expect(reply.headers).toMatchObject({ server: "gw/test", "content-type": "application/json; charset=utf-8" });
    const end = await ended;
    expect(end).toMatchObject({ status: 404, errorCode: "GW_REQUEST_NO_ROUTE" });
    expect(end.route).toBeUndefined();
  });

  it("has a route without a service: 503", async () => {
    const port = await start({ routes: [makeRoute({ paths: ["/a"] })] });
    expect(await ask(port, "/a")).toMatchObject({
      status: 503,
      body: expect.stringContaining("no Service found with those values") as string,
    });
  });

  it("has a plugin that gw cannot run: 503 that names it, and nothing is sent on", async () => {
    const service = makeService({ port: 1 });
    const route = makeRoute({ name: "r", paths: ["/"], service: { id: service.id } });
    const port = await start({ services: [service], routes: [route], plugins: [makePlugin({ name: "acl" })] });
    expect(await ask(port, "/")).toMatchObject({
      status: 503,
      body: expect.stringContaining('The route \\"r\\" is not served: gw cannot run its plugin \\"acl\\"') as string,
    });
  });

  it.each([
    [{}, { protocol: "grpc" as const }, "its service's protocol grpc"],
    [{}, { tls_sans: { dnsnames: ["a"] } }, "its service's tls_sans"],
    [{ protocols: ["grpc" as const] }, {}, "its protocols grpc"],
    [{ filter_chains: [{}] }, {}, "its filter_chains"],
    [{ expression: 'http.method == "POST"' }, {}, "its expression"],
  ])("asks for what gw does not run (%j, %j): 503, and nothing is sent on", async (ofRoute, ofService, what) => {
    const service = makeService({ port: 1, ...ofService });
    const route = makeRoute({ name: "r", paths: ["/"], service: { id: service.id }, ...ofRoute });
    const port = await start({ services: [service], routes: [route] });
    expect(await ask(port, "/")).toMatchObject({
      status: 503,
      body: expect.stringContaining(`gw cannot run ${what}.`) as string,
    });
  });

  it.each(["service", "route"] as const)(
    "has a filter chain for its %s: 503, until the chain is disabled",
    async (of) => {
      const service = makeService({ port: 1 });
      const route = makeRoute({ name: "r", paths: ["/"], service: { id: service.id } });
      const chain = {
        id: "00000000-0000-4000-8000-000000000009",
        filters: [{ name: "waf" }],
        [of]: { id: { service, route }[of].id },
      };
      const port = await start({ services: [service], routes: [route], filter_chains: [{ ...chain, enabled: true }] });
      expect(await ask(port, "/")).toMatchObject({
        status: 503,
        body: expect.stringContaining("gw cannot run its filter_chains.") as string,
      });
      const open = await start({ services: [service], routes: [route], filter_chains: [{ ...chain, enabled: false }] });
      expect((await ask(open, "/")).status).not.toBe(503);
    },
  );

  it("has only routes that no request reaches: 404", async () => {
    const byExpression = makeRoute({ expression: 'http.path ^= "/"' });
    const stream = makeRoute({ id: "00000000-0000-4000-8000-000000000002", protocols: ["tcp"] });
    const port = await start({ services: [], routes: [byExpression, stream] });
    expect((await ask(port, "/")).status).toBe(404);
  });
});

describe("a route that is only for https", () => {
  const secure = { paths: ["/"], protocols: ["https"] as const };

  it("answers 426 over http", async () => {
    const port = await start({ routes: [makeRoute(secure)], plugins }, { answer: answerPath });
    expect(await ask(port, "/")).toMatchObject({
      status: 426,
      headers: { upgrade: "TLS/1.2, HTTP/1.1", connection: "Upgrade" },
      body: expect.stringContaining("Please use HTTPS protocol") as string,
    });
  });

  it("redirects where it is told to, to the same path and query", async () => {
    const routes = [makeRoute({ ...secure, https_redirect_status_code: 308 })];
    const port = await start({ routes, plugins }, { answer: answerPath });
    expect(await ask(port, "/a%2Fb?x=1", { headers: { Host: "gw.example:8000" } })).toMatchObject({
      status: 308,
      headers: { location: "https://gw.example/a%2Fb?x=1" },
    });
  });

  it("is served over TLS, by the server name that the client asked for", async () => {
    await start({ routes: [makeRoute({ ...secure, snis: ["gw.example"] })], plugins }, { answer: answerPath });
    const fixtures = new URL("../../../fixtures/tls/", import.meta.url);
    const tls = {
      cert: readFileSync(new URL("api.openai.test.cert.pem", fixtures), "utf8"),
      key: readFileSync(new URL("api.openai.test.key.pem", fixtures), "utf8"),
    };
    const { port } = await gateway.server.listen({ host: "127.0.0.1", port: 0, tls });
    const statusOf = (servername: string): Promise<number | undefined> =>
      new Promise((resolve, reject) => {
        requestTls({ host: "127.0.0.1", port, servername, rejectUnauthorized: false, agent: false }, (response) => {
          response.resume();
          resolve(response.statusCode);
        })
          .on("error", reject)
          .end();
      });
    expect(await statusOf("gw.example")).toBe(200);
    expect(await statusOf("other.example")).toBe(404);
  });
});

describe("odd requests", () => {
  const end = "Connection: close\r\n\r\n";

  it.each([
    ["the absolute form", "GET http://gw.example/a?b HTTP/1.1\r\nHost: a\r\n", "/a|?b"],
    ["the absolute form without a path", "GET http://gw.example?b HTTP/1.1\r\nHost: a\r\n", "/|?b"],
    ["HTTP/1.0", "GET /a HTTP/1.0\r\nHost: a\r\n", "/a|"],
    ["a URL in the query", "GET /a?u=http://x/y HTTP/1.1\r\nHost: a\r\n", "/a|?u=http://x/y"],
    ["an offer to upgrade to h2c", "GET /a HTTP/1.1\r\nHost: a\r\nUpgrade: h2c\r\n", "/a|"],
    ["dots that climb", "GET /a/../../b//c HTTP/1.1\r\nHost: a\r\n", "/b/c|"],
    ["Expect: 100-continue", "POST /a HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 0\r\n", "/a|"],
  ])("%s is served", async (_name, head, body) => {
    const port = await start(everything, { answer: answerPath });
    const received = await askRaw(port, head + end);
    expect(received).toContain(" 200 OK\r\n");
    expect(received.split("\r\n\r\n").at(-1)).toBe(body);
  });

  it.each([
    ["no HTTP at all", "hello\r\n\r\n", 400, "Bad request"],
    ["no Host", "GET / HTTP/1.1\r\n\r\n", 400, "An HTTP/1.1 request needs a Host header."],
    [
      "a length and chunks",
      "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
      400,
      "Bad request",
    ],
    ["a bad chunk", "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", 400, "Bad request"],
    ["two lengths", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", 400, "Bad request"],
    ["a line break in a header", "GET / HTTP/1.1\r\nHost: a\r\nX: a\nb\r\n\r\n", 400, "Bad request"],
    [
      "a head too large",
      `GET / HTTP/1.1\r\nHost: a\r\nX: ${"x".repeat(40_000)}\r\n\r\n`,
      431,
      "Request header or cookie too large",
    ],
    [
      "CONNECT",
      "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
      405,
      "CONNECT is not supported: gw is not a forward proxy",
    ],
    [
      "a WebSocket without a key",
      `GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n`,
      400,
      "A WebSocket handshake needs a Sec-WebSocket-Key of 16 bytes.",
    ],
  ])("%s is refused", async (_name, text, status, message) => {
    const hang: Plugin["handle"] = async (exchange) => void (await exchange.readBody(0));
    const port = await start(everything, { answer: hang });
    const received = await askRaw(port, text);
    expect(received).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    const body = received.split("\r\n\r\n").at(-1) ?? "";
    if (message !== "") expect(JSON.parse(body)).toMatchObject({ message });
    expect(gateway.server.inFlight).toBe(0);
  });

  it("broken bytes behind a request do not reach its answer", async () => {
    let answer = (): void => {};
    const port = await start(everything, {
      answer: (exchange) =>
        new Promise((resolve) => {
          exchange.onCancel(resolve);
          exchange.begin(200, []);
          exchange.write("part");
          answer = () => exchange.end("rest");
        }),
    });
    const received = await askRaw(port, "GET / HTTP/1.1\r\nHost: a\r\n\r\nbroken\r\n\r\n");
    answer();
    expect(received).not.toContain("Bad request");
  });
});

describe("close", () => {
  it("lets requests end, asks their clients to go, accepts no others, and closes the runtime", async () => {
    let answer = (): void => {};
    const closed: string[] = [];
    const handle: Plugin["handle"] = (exchange) =>
      new Promise((resolve) => {
        answer = () => {
          exchange.begin(200, []);
          exchange.end("done");
          resolve();
        };
      });
    const port = await start(everything, {
      answer: {
        name: "answer",
        priority: 1,
        create: () => Promise.resolve({ handle, close: () => Promise.resolve(void closed.push("plugin")) }),
      },
    });
    const idle = connect(port, "127.0.0.1");
    const asked = ask(port, "/", { headers: { Connection: "keep-alive" } });
    await expect.poll(() => gateway.server.inFlight).toBe(1);
    const closing = gateway.server.close(60_000);
    await expect(ask(port, "/")).rejects.toThrow("ECONNREFUSED");
    expect(closed).toEqual([]);
    answer();
    expect(await asked).toMatchObject({ status: 200, body: "done", headers: { connection: "close" } });
    idle.destroy();
    await closing;
    expect(closed).toEqual(["plugin"]);
  });

  it("cuts what has not ended in time", async () => {
    const handle: Plugin["handle"] = (exchange) => new Promise((resolve) => exchange.onCancel(resolve));
    const port = await start(everything, { answer: handle });
    const asked = ask(port, "/");
    await Promise.all([
      expect(asked).rejects.toThrow("socket hang up"),
      expect
        .poll(() => gateway.server.inFlight)
        .toBe(1)
        .then(() => gateway.server.close(10)),
    ]);
    expect(gateway.server.inFlight).toBe(0);
  });
});

it("says why it cannot listen", async () => {
  const port = await start({});
  const again = gateway.server.listen({ host: "127.0.0.1", port });
  await expect(again).rejects.toThrow(UsageError);
  await expect(again).rejects.toThrow(`Cannot listen on 127.0.0.1:${port}: another program listens there.`);
});

it("counts requests, and gives each another id", async () => {
  const port = await start(everything, { answer: answerPath });
  const ids = new Set<unknown>();
  for (let index = 0; index < 300; index += 1) ids.add((await ask(port, "/")).headers["x-kong-request-id"]);
  expect(ids.size).toBe(300);
  expect(gateway.server.requests).toBe(300);
});
