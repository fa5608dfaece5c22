import { connect, createServer, type Server, type Socket } from "node:net";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it } from "vitest";
import { makeRoute, makeService } from "../unit/gateway/entities.ts";
import { ask, nextEnd, startGateway, type TestGateway } from "../unit/gateway/start-gateway.ts";

let gateway: TestGateway | undefined;
let upstream: Server | undefined;

afterEach(async () => {
  await gateway?.close();
  await new Promise((resolve) => (upstream === undefined ? resolve(undefined) : upstream.close(resolve)));
  upstream = undefined;
});

/** An upstream that does `onHead` with a connection once the head of a request has come; the count tells which request it is. */
async function start(
  onHead: (socket: Socket, count: number) => void,
  service: {
    readonly host?: string;
    readonly port?: number;
    readonly read_timeout?: number;
    readonly retries?: number;
  } = {},
): Promise<number> {
  let count = 0;
  upstream = createServer((socket) => {
    let head = "";
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      head += chunk.toString("latin1");
      if (!head.includes("\r\n\r\n")) return;
      head = "";
      onHead(socket, ++count);
    });
  });
  await new Promise<void>((resolve) => upstream?.listen(0, "127.0.0.1", resolve));
  const { port } = upstream.address() as AddressInfo;
  const entity = makeService({ port, ...service });
  gateway = await startGateway({
    services: [entity],
    routes: [makeRoute({ paths: ["/"], service: { id: entity.id } })],
  });
  return gateway.port;
}

const whole = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

describe("an upstream that fails before its answer", () => {
  it.each<[string, (socket: Socket) => void, number, string]>([
    [
      "resets the connection",
      (socket) => socket.resetAndDestroy(),
      502,
      "An invalid response was received from the upstream server",
    ],
    [
      "closes without an answer",
      (socket) => socket.end(),
      502,
      "An invalid response was received from the upstream server",
    ],
    [
      "speaks no HTTP",
      (socket) => socket.end("hello\r\n\r\n"),
      502,
      "An invalid response was received from the upstream server",
    ],
    ["says nothing", () => {}, 504, "The upstream server is timing out"],
    [
      "breaks off a short answer of which the client has seen nothing",
      (socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\npart"),
      502,
      "An invalid response was received from the upstream server",
    ],
  ])("%s", async (_name, act, status, message) => {
    const port = await start(act, { read_timeout: 100, retries: 0 });
    const reply = await ask(port, "/", { method: "POST", body: "hello" });
    expect(reply.status).toBe(status);
    expect(JSON.parse(reply.body)).toEqual({ message, request_id: reply.headers["x-kong-request-id"] });
    expect(reply.headers).toHaveProperty("x-kong-upstream-latency");
  });

  it("answers 502 when nothing listens and 503 when the name is not found", async () => {
    await start(() => {});
    await gateway?.close();
    const refused = makeService({ id: "1", port: 1 });
    const unknown = makeService({ id: "2", host: "no-such-host.invalid" });
    gateway = await startGateway({
      services: [refused, unknown],
      routes: [
        makeRoute({ id: "3", paths: ["/refused"], service: { id: "1" } }),
        makeRoute({ id: "4", paths: ["/unknown"], service: { id: "2" } }),
      ],
    });
    expect(await ask(gateway.port, "/refused")).toMatchObject({ status: 502 });
    expect(await ask(gateway.port, "/unknown")).toMatchObject({
      status: 503,
      body: expect.stringContaining("name resolution failed") as string,
    });
  });

  it("answers although the client is still sending its body", async () => {
    const port = await start((socket) => socket.resetAndDestroy());
    let received = "";
    const socket = connect(port, "127.0.0.1", () =>
      socket.write("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"),
    );
    socket.on("data", (chunk) => {
      received += chunk.toString();
    });
    await expect.poll(() => received).toContain("HTTP/1.1 502");
    socket.destroy();
  });
});

describe("an upstream that answers before it has read the body", () => {
  it.each<[string, (socket: Socket) => void]>([
    ["and goes on reading", (socket) => void socket.write("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno")],
    [
      "and closes",
      (socket) => socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\nConnection: close\r\n\r\nno"),
    ],
  ])("%s: the client gets the answer", async (_name, act) => {
    const port = await start(act);
    const body = Buffer.alloc(5_000_000);
    expect(await ask(port, "/", { method: "POST", body })).toMatchObject({ status: 401, body: "no" });
    await expect.poll(() => gateway?.server.inFlight).toBe(0);
  });
});

describe("an answer that breaks off after a part was sent", () => {
  it.each([
    ["chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npart\r\n"],
    ["of known length", `HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n${"x".repeat(1_000)}`],
  ])("%s: the client's connection is cut, so that it cannot take it for complete", async (_name, answer) => {
    const port = await start((socket) => void socket.write(answer, () => setImmediate(() => socket.resetAndDestroy())));
    const ended = nextEnd();
    await expect(ask(port, "/", { method: "POST" })).rejects.toThrow("aborted");
    expect(await ended).toMatchObject({ status: 200, errorCode: "GW_UPSTREAM_RESET", isCancelled: false });
  });
});

describe("a connection that breaks before the answer", () => {
  const failFirst =
    (failures: number) =>
    (socket: Socket, count: number): void => {
      if (count <= failures) socket.resetAndDestroy();
      else socket.write(whole);
    };

  it("is tried again for a request that may be repeated", async () => {
    expect(await ask(await start(failFirst(2)), "/")).toMatchObject({ status: 200, body: "ok" });
  });

  it("is tried no more often than the service says", async () => {
    expect(await ask(await start(failFirst(2), { retries: 1 }), "/")).toMatchObject({ status: 502 });
  });

  it("is not tried again for a POST, which may have been carried out", async () => {
    expect(await ask(await start(failFirst(1)), "/", { method: "POST", body: "x" })).toMatchObject({ status: 502 });
  });
});
