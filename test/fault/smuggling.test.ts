import { createServer, type Server, type Socket } from "node:net";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { askRaw } from "../unit/gateway/start-gateway.ts";
import { serveYaml, type YamlGateway } from "../support/serve-yaml.ts";

/**
 * Requests that two servers may read differently (RFC 9112, 11.2; PortSwigger's and the http-garden's cases). The upstream is bytes on
 * a socket: what it received is looked at as it is, not as another parser understands it.
 */
let upstream: Server;
let upstreamSockets: Set<Socket>;
let received = "";
let gateway: YamlGateway;

beforeAll(async () => {
  upstreamSockets = new Set();
  upstream = createServer((socket) => {
    upstreamSockets.add(socket);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      received += chunk.toString("latin1");
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    });
  });
  await new Promise<void>((resolve) => {
    upstream.listen(0, "127.0.0.1", resolve);
  });
  const { port } = upstream.address() as { port: number };
  gateway = await serveYaml(
    `services: [{name: s, url: "http://127.0.0.1:${port}", retries: 0, routes: [{name: open, paths: [/open]}]}]\n`,
  );
});

afterAll(async () => {
  await gateway.close();
  for (const socket of upstreamSockets) socket.destroy();
  upstream.close();
});

beforeEach(() => {
  received = "";
});

const hidden = "GET /admin HTTP/1.1\r\nHost: x\r\n\r\n";
const head = "POST /open HTTP/1.1\r\nHost: a\r\n";

/** Each must be refused, and nothing of it may reach the upstream. */
const refused: readonly (readonly [name: string, bytes: string])[] = [
  ["two different lengths", `${head}Content-Length: 3\r\nContent-Length: 4\r\n\r\nabcd`],
  ["two equal lengths", `${head}Content-Length: 3\r\nContent-Length: 3\r\n\r\nabc`],
  ["a list of lengths", `${head}Content-Length: 3, 3\r\n\r\nabc`],
  ["a negative length", `${head}Content-Length: -1\r\n\r\n`],
  ["a length with a sign", `${head}Content-Length: +3\r\n\r\nabc`],
  ["a hexadecimal length", `${head}Content-Length: 0x3\r\n\r\nabc`],
  ["an empty length", `${head}Content-Length: \r\n\r\n`],
  ["a length beyond 64 bits", `${head}Content-Length: 18446744073709551617\r\n\r\na`],
  ["a length with a space in it", `${head}Content-Length: 1 2\r\n\r\nabc`],
  ["a length and chunks", `${head}Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
  ["chunks and a length", `${head}Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n0\r\n\r\n${hidden}`],
  ["an unknown coding", `${head}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ["chunked that is not last", `${head}Transfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n`],
  ["identity as a coding", `${head}Transfer-Encoding: identity\r\n\r\n${hidden}`],
  ["chunked in quotes", `${head}Transfer-Encoding: "chunked"\r\n\r\n0\r\n\r\n`],
  ["a vertical tab before chunked", `${head}Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n`],
  ["a space before the colon", `${head}Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n`],
  ["a space before the colon of a length", `${head}Content-Length : 3\r\n\r\nabc`],
  ["a folded line", `${head}X-A: 1\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["a folded coding", `${head}Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n`],
  ["a bare LF at the end of a line", `${head}X-A: 1\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["a bare LF at the end of the head", `${head}\n${hidden}`],
  ["bare LFs everywhere", "GET /open HTTP/1.1\nHost: a\n\n"],
  ["a bare CR in a line", `${head}X-A: 1\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["NUL in a value", `${head}X-A: a\0b\r\n\r\n`],
  ["NUL in a name", `${head}X-\0A: a\r\n\r\n`],
  ["a line without a colon", `${head}X-A\r\n\r\n`],
  ["a line without a name", `${head}: 1\r\n\r\n`],
  ["a space in a name", `${head}X A: 1\r\n\r\n`],
  ["a length among the trailers", `${head}Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\n`],
  ["a chunk size that is no number", `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nabc\r\n0\r\n\r\n`],
  ["a chunk size with 0x", `${head}Transfer-Encoding: chunked\r\n\r\n0x3\r\nabc\r\n0\r\n\r\n`],
  ["a negative chunk size", `${head}Transfer-Encoding: chunked\r\n\r\n-1\r\n\r\n0\r\n\r\n`],
  ["a chunk size beyond 64 bits", `${head}Transfer-Encoding: chunked\r\n\r\n10000000000000003\r\nabc\r\n0\r\n\r\n`],
  ["a chunk that is longer than it says", `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabcdef\r\n0\r\n\r\n`],
  ["a chunk size that ends with LF", `${head}Transfer-Encoding: chunked\r\n\r\n3\nabc\r\n0\r\n\r\n`],
  ["an extension with LF", `${head}Transfer-Encoding: chunked\r\n\r\n3;a\nabc\r\n0\r\n\r\n`],
  ["a chunk that ends with LF", `${head}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\n0\r\n\r\n`],
  ["no Host", "GET /open HTTP/1.1\r\n\r\n"],
  ["two Hosts", "GET /open HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"],
  ["a Host with a path", "GET /open HTTP/1.1\r\nHost: a/b\r\n\r\n"],
  ["a Host with a space", "GET /open HTTP/1.1\r\nHost: a b\r\n\r\n"],
  ["a Host with a user", "GET /open HTTP/1.1\r\nHost: a@b\r\n\r\n"],
  ["an unknown method", "FOO /open HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a method in small letters", "get /open HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["another version", "GET /open HTTP/1.9\r\nHost: a\r\n\r\n"],
  ["a version of one digit", "GET /open HTTP/2\r\nHost: a\r\n\r\n"],
  ["HTTP/0.9", "GET /open\r\n\r\n"],
  ["HTTP/2's preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"],
  ["another protocol", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"],
  ["chunks under HTTP/1.0", `POST /open HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
  ["a tab in the first line", "GET\t/open HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a target without a slash", "GET open HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a fragment", "GET /open#/admin HTTP/1.1\r\nHost: a\r\n\r\n"],
  ["a backslash", "GET /open\\..\\admin HTTP/1.1\r\nHost: a\r\n\r\n"],
];

describe("is refused, and not a byte of it goes on:", () => {
  it.each(refused)("%s", async (_name, bytes) => {
    const answer = await askRaw(gateway.port, bytes, (text) => /\r\n\r\n.*(?:\}|ok)$/s.test(text));
    expect(answer).toMatch(/^HTTP\/1\.1 4\d\d |^$/);
    expect(answer).not.toContain("HTTP/1.1 200");
    expect(received).not.toContain("/admin");
    expect(received).not.toContain("abcdef");
    expect(heads(received)).toBeLessThanOrEqual(bytes.includes("\r\n\r\n") && isOnlyBodyBad(bytes) ? 1 : 0);
  });
});

/** The head was good and had gone on before its body showed what it is: then the upstream's request must never be complete. */
function isOnlyBodyBad(bytes: string): boolean {
  return /Transfer-Encoding: chunked\r\n\r\n(?!0\r\n)/.test(bytes);
}

function heads(text: string): number {
  return text.split(/HTTP\/1\.1\r\n/).length - 1;
}

describe("goes on as one request, whatever is in it:", () => {
  it.each<[name: string, bytes: string]>([
    ["a request in a body", `${head}Content-Length: ${hidden.length}\r\n\r\n${hidden}`],
    [
      "a request in a chunk",
      `${head}Transfer-Encoding: chunked\r\n\r\n${hidden.length.toString(16)}\r\n${hidden}\r\n0\r\n\r\n`,
    ],
    ["trailers", `${head}Transfer-Encoding: chunked\r\n\r\n0\r\nX-A: 1\r\n\r\n`],
    ["two spaces in the first line", "GET  /open HTTP/1.1\r\nHost: a\r\n\r\n"],
    ["an extension of a chunk", `${head}Transfer-Encoding: chunked\r\n\r\n1;a="b"\r\nx\r\n0\r\n\r\n`],
    ["chunked in capitals", `${head}Transfer-Encoding: CHUNKED\r\n\r\n0\r\n\r\n`],
    [
      "Connection names a header",
      "GET /open HTTP/1.1\r\nHost: a\r\nConnection: close, x-secret\r\nX-Secret: 1\r\n\r\n",
    ],
    ["an absolute target", "GET http://b/open HTTP/1.1\r\nHost: a\r\n\r\n"],
  ])("%s", async (_name, bytes) => {
    const answer = await askRaw(gateway.port, bytes, (text) => text.endsWith("ok"));
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    const [first = ""] = received.split("\r\n");
    expect(first).toMatch(/^(?:POST|GET) \/ HTTP\/1\.1$/);
    const [sentHead = "", ...body] = received.split("\r\n\r\n");
    expect(sentHead).not.toMatch(/x-secret|transfer-encoding: CHUNKED/i.test(bytes) ? /x-secret/i : /never/);
    const frames = (sentHead.match(/^(?:content-length|transfer-encoding):/gim) ?? []).length;
    expect(frames).toBeLessThanOrEqual(1);
    if (bytes.includes("/admin")) expect(body.join("\r\n\r\n")).toContain("GET /admin");
  });
});
