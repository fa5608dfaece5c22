import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { GwError, RequestError } from "../../src/core/errors.ts";
import type { Exchange, Identity, Plugin } from "../../src/plugins/plugin.ts";

export interface PluginServer {
  readonly origin: string;
  /** Exchanges that are over, in order: tests read what was logged. */
  readonly finished: readonly Exchange[];
  /** Settles when an exchange is over, with what `handle` threw. */
  nextEnd(): Promise<{ readonly exchange: Exchange; readonly error: unknown }>;
  close(): Promise<void>;
}

/** One plugin behind a plain HTTP server: what gateway/ does, with nothing but the contract. */
export async function servePlugin(plugin: Plugin): Promise<PluginServer> {
  const finished: Exchange[] = [];
  const waiting: ((end: { exchange: Exchange; error: unknown }) => void)[] = [];
  const server = createServer((request, response) => {
    const exchange = new TestExchange(request, response);
    const onEnd = (error: unknown): void => {
      finished.push(exchange);
      for (const resolve of waiting.splice(0)) resolve({ exchange, error });
    };
    plugin
      .handle(exchange, () => Promise.resolve())
      .then(
        () => onEnd(undefined),
        (error: unknown) => {
          exchange.fail(error);
          onEnd(error);
        },
      );
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    finished,
    nextEnd: () => new Promise((resolve) => waiting.push(resolve)),
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  };
}

class TestExchange implements Exchange {
  readonly id = "00000000000000000000000000000001";
  readonly startedAt = performance.now();
  readonly route = { id: "route", name: "route" };
  readonly service = undefined;
  readonly request: Exchange["request"];
  readonly scheme = "http";
  readonly clientAddress = "127.0.0.1";
  identity: Identity | undefined;
  errorBody: Exchange["errorBody"];
  ai: Record<string, unknown> | undefined;
  readonly #message: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #added: string[] = [];

  constructor(message: IncomingMessage, response: ServerResponse) {
    this.#message = message;
    this.#response = response;
    const [path = "", query] = (message.url ?? "").split("?");
    this.request = {
      method: message.method ?? "",
      path,
      query: query === undefined ? "" : `?${query}`,
      rawHeaders: message.rawHeaders,
      header: (name) => {
        const value = message.headers[name.toLowerCase()];
        return Array.isArray(value) ? value.join(", ") : value;
      },
    };
  }
  get isOver(): boolean {
    return this.#response.destroyed || this.#response.writableFinished;
  }
  onCancel(listener: () => void): void {
    if (this.#response.destroyed) listener();
    else this.#response.once("close", () => !this.#response.writableFinished && listener());
  }
  async readBody(maxBytes: number): Promise<Buffer> {
    const chunks: Buffer[] = [];
    for await (const chunk of this.#message) chunks.push(chunk as Buffer);
    const body = Buffer.concat(chunks);
    if (maxBytes > 0 && body.length > maxBytes) throw new RequestError("GW_REQUEST_TOO_LARGE", "too large");
    return body;
  }
  addHeader(name: string, value: string): void {
    this.#added.push(name, value);
  }
  setHeader(name: string, value: string | undefined): void {
    if (value !== undefined) this.addHeader(name, value);
  }
  limitBody(): void {}
  setForwarded(): void {}
  hideParameter(): void {}
  markAttempt(): void {}
  begin(status: number, headers: readonly string[]): void {
    this.#response.writeHead(status, [...headers, ...this.#added]);
    this.#response.flushHeaders();
  }
  write(chunk: Buffer | string): boolean {
    return this.#response.write(chunk);
  }
  onDrain(listener: () => void): void {
    this.#response.once("drain", listener);
  }
  end(chunk?: Buffer | string): void {
    this.#response.end(chunk);
  }
  abort(): void {
    this.#response.destroy();
  }
  fail(error: unknown): void {
    if (this.#response.writableEnded || this.#response.destroyed) return;
    if (this.#response.headersSent) {
      this.abort();
      return;
    }
    const { status, code, message } =
      error instanceof GwError ? error : { status: 500, code: "?", message: String(error) };
    this.begin(status, ["content-type", "application/json"]);
    this.end(JSON.stringify({ error: { message, code } }));
  }
}
