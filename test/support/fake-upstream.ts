import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

/** One request as the fake received it, and the ways to answer it step by step. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  /** The TLS server name that the client asked for. */
  readonly serverName: string | undefined;
  /** The whole answer at once. */
  answer(status: number, headers: Readonly<Record<string, string>>, body?: string | Buffer): void;
  head(status: number, headers: Readonly<Record<string, string>>): void;
  /** Settles when the bytes were handed to the system. */
  write(chunk: string | Buffer): Promise<void>;
  end(): void;
  /** Closes the connection without a goodbye. */
  reset(): void;
  /** Bytes straight on the socket, HTTP or not. */
  raw(bytes: string): void;
  /** Settles when the client has closed the connection. */
  readonly gone: Promise<void>;
}

export interface FakeUpstream {
  readonly origin: string;
  readonly port: number;
  /** Everything received so far. */
  readonly requests: readonly ReceivedRequest[];
  readonly connections: number;
  /** The next request that was not taken yet. */
  next(): Promise<ReceivedRequest>;
  close(): Promise<void>;
}

interface FakeUpstreamOptions {
  /** Answers by itself; without it the test answers what `next` gives. */
  readonly reply?: (request: ReceivedRequest) => void;
  readonly tls?: { readonly key: string; readonly cert: string };
}

/** A loopback server that speaks real HTTP and does what a test tells it, in the order it is told. */
export async function startFakeUpstream({ reply, tls }: FakeUpstreamOptions = {}): Promise<FakeUpstream> {
  const requests: ReceivedRequest[] = [];
  const waiting: ((request: ReceivedRequest) => void)[] = [];
  const untaken: ReceivedRequest[] = [];
  let connections = 0;

  const onRequest = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const chunks: Buffer[] = [];
    request.on("error", () => {});
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const received = receive(request, response, Buffer.concat(chunks));
    requests.push(received);
    if (reply !== undefined) reply(received);
    else {
      const taker = waiting.shift();
      if (taker === undefined) untaken.push(received);
      else taker(received);
    }
  };
  const listener = (request: IncomingMessage, response: ServerResponse): void =>
    void onRequest(request, response).catch(() => {});
  const server: Server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  server.on(tls === undefined ? "connection" : "secureConnection", () => {
    connections += 1;
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;

  return {
    origin: `${tls === undefined ? "http" : "https"}://127.0.0.1:${port}`,
    port,
    requests,
    get connections() {
      return connections;
    },
    async next() {
      return untaken.shift() ?? (await new Promise<ReceivedRequest>((resolve) => waiting.push(resolve)));
    },
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

function receive(request: IncomingMessage, response: ServerResponse, body: Buffer): ReceivedRequest {
  const { socket } = request;
  const gone = new Promise<void>((resolve) => {
    if (socket.destroyed) resolve();
    else socket.once("close", () => resolve());
  });
  return {
    method: request.method ?? "",
    path: request.url ?? "",
    headers: request.headers,
    body,
    serverName: "servername" in socket && typeof socket.servername === "string" ? socket.servername : undefined,
    answer(status, headers, content = "") {
      response.writeHead(status, { "content-length": String(Buffer.byteLength(content)), ...headers });
      response.end(content);
    },
    head(status, headers) {
      response.writeHead(status, headers);
      response.flushHeaders();
    },
    write: (chunk) =>
      new Promise((resolve) => {
        response.write(chunk, () => resolve());
      }),
    end: () => void response.end(),
    reset: () => void socket.resetAndDestroy(),
    raw: (bytes) => void socket.write(bytes),
    gone,
  };
}

/** An origin on which nothing listens. */
export async function closedOrigin(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `http://127.0.0.1:${port}`;
}
