import { createHash } from "node:crypto";
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { expect, onTestFinished, test } from "vitest";
import { RequestError } from "../../../src/core/errors.ts";
import type { Plugin } from "../../../src/plugins/plugin.ts";
import { makePlugin, makeRoute, makeService } from "./entities.ts";
import { ask, askRaw, nextEnd, startGateway, startUpstream, type TestGateway } from "./start-gateway.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const HANDSHAKE = handshake("/chat");

function handshake(path: string, more = ""): string {
  return `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: ${KEY}\r\nSec-WebSocket-Version: 13\r\n${more}\r\n`;
}

function accept(request: IncomingMessage): string {
  const proof = createHash("sha1").update(
    `${request.headers["sec-websocket-key"]}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
  );
  return `HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ${proof.digest("base64")}\r\nSec-WebSocket-Protocol: tea\r\n\r\n`;
}

type OnUpgrade = (socket: Duplex, request: IncomingMessage) => void;

async function startBackend(onUpgrade: OnUpgrade): Promise<number> {
  const backend = await startUpstream((_request, response) => void response.writeHead(426).end("upgrade, please"));
  const sockets = new Set<Duplex>();
  backend.server.on("upgrade", (request: IncomingMessage, socket: Duplex) => {
    sockets.add(socket.on("error", () => {}));
    onUpgrade(socket, request);
  });
  onTestFinished(async () => {
    for (const socket of sockets) socket.destroy();
    await backend.close();
  });
  return backend.port;
}

const echo: OnUpgrade = (socket, request) => {
  socket.write(accept(request));
  socket.pipe(socket);
};

async function serve(port: number, handle?: Plugin["handle"], readTimeout = 60_000): Promise<TestGateway> {
  const gateway = await startGateway(
    {
      services: [makeService({ port, read_timeout: readTimeout })],
      routes: [makeRoute({ paths: ["/"], service: { id: makeService({}).id } })],
      plugins: handle === undefined ? [] : [makePlugin({ name: "door" })],
    },
    handle === undefined ? {} : { door: handle },
  );
  onTestFinished(() => gateway.close());
  return gateway;
}

class Client {
  received = "";
  readonly socket: Socket;

  constructor(port: number) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.setEncoding("latin1").on("data", (text: string) => (this.received += text));
    this.socket.on("error", () => {});
    onTestFinished(() => void this.socket.destroy());
  }

  send(text: string): void {
    this.socket.write(text, "latin1");
  }

  async until(text: string): Promise<void> {
    while (!this.received.includes(text)) await once(this.socket, "data");
  }
}

test("bytes pass both ways, those sent before the 101 too, and the log has 101 and their number", async () => {
  const { port, server } = await serve(await startBackend(echo));
  const end = nextEnd();
  const client = new Client(port);
  client.send(`${HANDSHAKE}early`);
  await client.until("\r\n\r\nearly");
  client.send("late");
  await client.until("earlylate");
  expect(client.received).toMatch(/^HTTP\/1\.1 101 Switching Protocols\r\n/);
  expect(client.received.toLowerCase()).toContain("\r\nupgrade: websocket\r\n");
  expect(client.received).toContain("\r\nSec-WebSocket-Protocol: tea\r\n");
  expect(server.inFlight).toBe(1);
  client.socket.end();
  expect(await end).toMatchObject({ status: 101, isCancelled: false, bytesSent: 9, path: "/chat" });
  expect(server.inFlight).toBe(0);
});

test("what one side takes slowly the other sends slowly: megabytes arrive whole", async () => {
  const size = 8_000_000;
  const { port } = await serve(
    await startBackend((socket, request) => {
      socket.write(accept(request));
      socket.end(Buffer.alloc(size, "x"));
    }),
  );
  const client = new Client(port);
  client.send(HANDSHAKE);
  await once(client.socket, "close");
  expect(client.received.length - client.received.indexOf("\r\n\r\n") - 4).toBe(size);
});

test("the client learns that the server has gone, and the server that the client has", async () => {
  let backend: Duplex | undefined;
  const { port } = await serve(
    await startBackend((socket, request) => {
      backend = socket;
      echo(socket, request);
    }),
  );
  const first = new Client(port);
  first.send(HANDSHAKE);
  await first.until("\r\n\r\n");
  backend?.destroy();
  await once(first.socket, "close");

  const second = new Client(port);
  second.send(HANDSHAKE);
  await second.until("\r\n\r\n");
  const gone = once(backend ?? second.socket, "close");
  second.socket.destroy();
  await gone;
});

test("a refusal passes as any answer, and nothing that follows it is taken for a request", async () => {
  let requests = 0;
  const refusing = await startBackend((socket) => {
    requests += 1;
    socket.end("HTTP/1.1 401 Unauthorized\r\nContent-Length: 2\r\n\r\nno");
  });
  const { port } = await serve(refusing);
  const received = await askRaw(port, `${HANDSHAKE}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n`);
  expect(received).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
  expect(received.match(/HTTP\/1\.1/g)).toHaveLength(1);
  expect(received).toMatch(/\r\nConnection: close\r\n\r\nno$/);
  expect(requests).toBe(1);
});

test.each([
  ["without the proof", "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"],
  [
    "with a wrong proof",
    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: eA==\r\n\r\n",
  ],
])("a 101 %s opens nothing: 502, and the server's connection is closed", async (_name, answer) => {
  const gone: Promise<unknown>[] = [];
  const lying = await startBackend((socket) => {
    gone.push(once(socket.resume(), "end"));
    socket.write(answer);
  });
  const { port } = await serve(lying);
  expect(await askRaw(port, `${HANDSHAKE}frames`)).toMatch(/^HTTP\/1\.1 502 Bad Gateway\r\n/);
  await Promise.all(gone);
});

test.each([
  ["no key", HANDSHAKE.replace(/Sec-WebSocket-Key.*\r\n/, "")],
  ["a key of another length", HANDSHAKE.replace(KEY, "eA==")],
  ["no version", HANDSHAKE.replace(/Sec-WebSocket-Version.*\r\n/, "")],
])("a handshake with %s is refused before anything goes upstream", async (_name, bytes) => {
  const { port } = await serve(
    await startBackend(() => {
      throw new Error("It came through.");
    }),
  );
  expect(await askRaw(port, bytes)).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
});

test("a request with a body is no handshake: it goes on as the request it is", async () => {
  const { port } = await serve(await startBackend(echo));
  const received = await askRaw(port, `${handshake("/", "Content-Length: 3\r\n")}abc`, (text) =>
    text.includes("please"),
  );
  expect(received).toMatch(/^HTTP\/1\.1 426 /);
});

test("an offer of h2c is ignored", async () => {
  const backend = await startUpstream((request, response) => void response.end(`${request.headers.upgrade}`));
  onTestFinished(() => backend.close());
  const { port } = await serve(backend.port);
  const headers = { Connection: "Upgrade, HTTP2-Settings", Upgrade: "h2c", "HTTP2-Settings": "AAMAAABk" };
  expect(await ask(port, "/", { method: "POST", body: "x", headers })).toMatchObject({
    status: 200,
    body: "undefined",
  });
});

test("plugins stand before a WebSocket as before a request", async () => {
  const { port } = await serve(await startBackend(echo), async (exchange, next) => {
    if (exchange.request.header("apikey") !== "right") throw new RequestError("GW_ACCESS_UNKNOWN", "No API key found");
    await next();
  });
  expect(await askRaw(port, HANDSHAKE)).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/);
  const client = new Client(port);
  client.send(handshake("/", "apikey: right\r\n"));
  await client.until("101 Switching");
});

test("a WebSocket on which nothing comes is closed after read_timeout", async () => {
  const { port } = await serve(await startBackend(echo), undefined, 200);
  const client = new Client(port);
  client.send(HANDSHAKE);
  await client.until("101 Switching");
  await once(client.socket, "close");
});

test("a server that never answers the handshake is given up after read_timeout", async () => {
  const { port } = await serve(await startBackend(() => {}), undefined, 200);
  expect(await askRaw(port, HANDSHAKE)).toMatch(/^HTTP\/1\.1 504 /);
});

test("a drain lets an open WebSocket go on and cuts it when its time is over", async () => {
  const gateway = await serve(await startBackend(echo));
  const client = new Client(gateway.port);
  client.send(HANDSHAKE);
  await client.until("101 Switching");
  const cut = once(client.socket, "close");
  const closed = gateway.server.close(300);
  client.send("still here");
  await client.until("still here");
  await Promise.all([cut, closed]);
});

test("a drain ends at once when the last WebSocket closes", async () => {
  const gateway = await serve(await startBackend(echo));
  const client = new Client(gateway.port);
  client.send(HANDSHAKE);
  await client.until("101 Switching");
  const closed = gateway.server.close(60_000);
  client.socket.destroy();
  await closed;
});

test("a server that breaks off after the head of a refusal leaves no connection behind", async () => {
  const cutting = createServer((socket) => {
    socket
      .on("error", () => {})
      .once("data", () => socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 100\r\n\r\nhalf"));
  });
  cutting.listen(0, "127.0.0.1");
  await once(cutting, "listening");
  onTestFinished(() => void cutting.close());
  const gateway = await serve((cutting.address() as AddressInfo).port);
  const end = nextEnd();
  await askRaw(gateway.port, HANDSHAKE).catch(() => "");
  expect((await end).status).toBe(502);
  expect(gateway.server.inFlight).toBe(0);
});
