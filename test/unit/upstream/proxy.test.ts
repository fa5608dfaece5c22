import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { type AddressInfo, connect } from "node:net";
import type { Duplex } from "node:stream";
import { describe, expect, onTestFinished, test } from "vitest";
import { UpstreamError } from "../../../src/core/errors.ts";
import { createUpstream } from "../../../src/upstream/create-upstream.ts";
import { proxyFromEnvironment } from "../../../src/upstream/proxy-environment.ts";
import { startFakeUpstream } from "../../support/fake-upstream.ts";

interface TestProxy {
  readonly port: number;
  /** Authority and credentials of each CONNECT. */
  readonly asked: string[];
}

/** A real CONNECT proxy that takes every name for this machine; `status` other than 200 refuses. */
async function startProxy(target: number, status = 200): Promise<TestProxy> {
  const asked: string[] = [];
  const sockets = new Set<Duplex>();
  const server = createServer();
  server.on("connect", (request: IncomingMessage, socket: Duplex) => {
    asked.push(`${request.url} ${request.headers["proxy-authorization"] ?? ""}`.trim());
    sockets.add(socket.on("error", () => {}));
    if (status !== 200) {
      socket.end(`HTTP/1.1 ${status} No\r\nContent-Length: 0\r\n\r\n`);
      return;
    }
    const there = connect(target, "127.0.0.1", () => {
      socket.write("HTTP/1.1 200 Connection established\r\n\r\n");
      socket.pipe(there).pipe(socket);
    });
    sockets.add(there.on("error", () => {}));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: (server.address() as AddressInfo).port, asked };
}

const tls = {
  key: readFileSync("fixtures/tls/api.openai.test.key.pem", "utf8"),
  cert: readFileSync("fixtures/tls/api.openai.test.cert.pem", "utf8"),
};

async function startProvider(): Promise<Awaited<ReturnType<typeof startFakeUpstream>>> {
  const provider = await startFakeUpstream({ tls, reply: (request) => request.answer(200, {}, "tea") });
  onTestFinished(() => provider.close());
  return provider;
}

async function ask(origin: string, environment: Readonly<Record<string, string>>): Promise<string> {
  const upstream = createUpstream({ ca: tls.cert, findProxy: proxyFromEnvironment(environment) });
  onTestFinished(() => upstream.close());
  const request = { method: "POST", origin, path: "/v1", headers: [], body: "{}" };
  const options = { signal: AbortSignal.timeout(5_000), maxBytes: 1_000 };
  return await upstream.collect(request, options).then(
    ({ body }) => body.toString(),
    (error: unknown) => (error instanceof UpstreamError ? `${error.code}: ${error.message}` : String(error)),
  );
}

test("an https upstream is reached through the proxy, with the TLS of the upstream inside", async () => {
  const provider = await startProvider();
  const proxy = await startProxy(provider.port);
  const environment = { HTTPS_PROXY: `http://us%40er:pa%3Ass@127.0.0.1:${proxy.port}` };
  expect(await ask("https://api.openai.test", environment)).toBe("tea");
  expect(proxy.asked).toEqual([`api.openai.test:443 Basic ${Buffer.from("us@er:pa:ss").toString("base64")}`]);
  expect(provider.requests[0]?.serverName).toBe("api.openai.test");
});

test("this machine is reached directly", async () => {
  const provider = await startFakeUpstream({ reply: (request) => request.answer(200, {}, "here") });
  onTestFinished(() => provider.close());
  const proxy = await startProxy(provider.port);
  expect(await ask(provider.origin, { https_proxy: `127.0.0.1:${proxy.port}` })).toBe("here");
  expect(proxy.asked).toEqual([]);
});

test("a proxy that refuses, or is away, is an upstream that cannot be reached; its password is in no message", async () => {
  const proxy = await startProxy(1, 407);
  const refused = await ask("https://api.openai.test", { HTTPS_PROXY: `http://a:sk-planted@127.0.0.1:${proxy.port}` });
  expect(refused).toContain("GW_UPSTREAM_CONNECT");
  expect(refused).toContain("ERR_PROXY_REFUSED_407");
  const away = await ask("https://api.openai.test", { HTTPS_PROXY: "http://a:sk-planted@127.0.0.1:1" });
  expect(away).toContain("GW_UPSTREAM_CONNECT");
  expect(refused + away).not.toContain("sk-planted");
});

describe("the environment", () => {
  const find = (noProxy: string, origin: string): string | undefined =>
    proxyFromEnvironment({ HTTPS_PROXY: "http://proxy:3128", NO_PROXY: noProxy })?.(new URL(origin))?.host;

  test.each([
    ["", "https://api.openai.com", "proxy:3128"],
    ["", "http://api.openai.com", undefined],
    ["", "https://127.9.9.9", undefined],
    ["", "https://[::1]:8443", undefined],
    ["", "https://localhost", undefined],
    ["*", "https://api.openai.com", undefined],
    ["openai.com", "https://api.openai.com", undefined],
    [".openai.com", "https://api.openai.com", undefined],
    ["*.openai.com, example.com", "https://example.com", undefined],
    ["openai.com", "https://notopenai.com", "proxy:3128"],
    ["openai.com:8443", "https://api.openai.com", "proxy:3128"],
    ["openai.com:443", "https://api.openai.com", undefined],
    ["10.0.0.1", "https://10.0.0.1", undefined],
  ])("NO_PROXY=%s and %s give %s", (noProxy, origin, expected) => {
    expect(find(noProxy, origin)).toBe(expected);
  });

  test("without HTTPS_PROXY there is none, and small letters win", () => {
    expect(proxyFromEnvironment({ NO_PROXY: "*" })).toBeUndefined();
    const both = proxyFromEnvironment({ HTTPS_PROXY: "http://a:1", https_proxy: "http://b:2" });
    expect(both?.(new URL("https://x.example"))?.host).toBe("b:2");
  });

  test("what is no proxy is refused without being repeated", () => {
    const read = (): unknown => proxyFromEnvironment({ HTTPS_PROXY: "socks5://user:sk-planted@host" });
    expect(read).toThrow("HTTPS_PROXY is not the address of a proxy");
    expect(read).not.toThrow("sk-planted");
  });
});
