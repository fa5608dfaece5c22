import type { IncomingMessage, ServerResponse } from "node:http";
import type { ErrorCodeName } from "../core/error-codes.ts";
import { BugError } from "../core/errors.ts";
import type { Exchange, Identity } from "../plugins/plugin.ts";
import { Answer } from "./answer.ts";
import { ClientRequest } from "./client-request.ts";
import { type ForwardedEdits, withoutHeaders } from "./header-edits.ts";
import { BodyStream, hasBody, readWhole, tooLarge } from "./request-body.ts";
import { nextRequestId } from "./request-id.ts";
import type { Upgrade } from "./websocket.ts";

interface Label {
  readonly id: string;
  readonly name: string | undefined;
}

const noRoute: Label = { id: "", name: undefined };

/** What the exchanges of one listener share. */
export interface ExchangeHost {
  /** For `Server` and `Via`: `gw/0.1.0`. */
  readonly product: string;
  readonly scheme: "http" | "https";
  /** The client is asked to open a new connection for its next request. */
  isDraining(): boolean;
  /** The answer is complete, or the connection is gone. Called once. */
  onOver(exchange: HttpExchange): void;
}

/** What is held as long as the exchange lives: the runtime that serves it. */
export interface Lease {
  release(): void;
}

/** An exchange over node:http. Made by the server only, which also calls `connectionClosed`. */
export class HttpExchange implements Exchange {
  readonly id = nextRequestId();
  readonly startedAt = performance.now();
  readonly request: ClientRequest;
  readonly incoming: IncomingMessage;
  readonly host: ExchangeHost;
  readonly clientAddress: string;
  route: Label = noRoute;
  service: Label | undefined;
  identity: Identity | undefined;
  errorBody: Exchange["errorBody"];
  /** What plugins changed of the request for a plain service; undefined, which is usual: nothing. */
  forwardedEdits: ForwardedEdits | undefined;
  ai: Record<string, unknown> | undefined;
  /** The client asks for a WebSocket, on this connection; undefined, which is usual: it does not. */
  upgrade: Upgrade | undefined;
  /** Code of the error that ended the exchange. */
  errorCode: ErrorCodeName | undefined;
  /** The client went away before the answer was complete. */
  isCancelled = false;
  upstreamMs: number | undefined;
  proxyMs: number | undefined;

  readonly #response: ServerResponse;
  readonly #answer: Answer;
  readonly #lease: Lease;
  #isOver = false;
  #isClosed = false;
  #isAborted = false;
  /** Bytes written to the connection before it became a WebSocket's. */
  #switchedAt: number | undefined;
  #lastAttemptAt = 0;
  #addedHeaders: string[] | undefined;
  /** In lower case; the answer's own are dropped. */
  #replacedHeaders: Set<string> | undefined;
  #cancelListeners: (() => void)[] | undefined;
  #body: Promise<Buffer> | undefined;
  /** In bytes. */
  #bodyLimit = Number.POSITIVE_INFINITY;

  constructor(incoming: IncomingMessage, response: ServerResponse, host: ExchangeHost, lease: Lease) {
    this.incoming = incoming;
    // Read now: a closed socket no longer knows it.
    this.clientAddress = incoming.socket.remoteAddress ?? "";
    this.#lease = lease;
    this.host = host;
    this.#response = response;
    this.request = new ClientRequest(incoming);
    this.#answer = new Answer(response, this.request.method);
  }

  get scheme(): "http" | "https" {
    return this.host.scheme;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** 0 until the answer has begun. */
  get status(): number {
    return this.#answer.status;
  }

  get bytesSent(): number {
    if (this.#switchedAt !== undefined) return this.incoming.socket.bytesWritten - this.#switchedAt;
    return this.#answer.bytesSent;
  }

  onCancel(listener: () => void): void {
    if (this.isCancelled) listener();
    else (this.#cancelListeners ??= []).push(listener);
  }

  limitBody(maxBytes: number): void {
    this.#bodyLimit = Math.min(this.#bodyLimit, maxBytes);
  }

  async readBody(maxBytes: number): Promise<Buffer> {
    const limit = Math.min(maxBytes > 0 ? maxBytes : Number.POSITIVE_INFINITY, this.#bodyLimit);
    const body = await (this.#body ??= readWhole(this.incoming, limit, (listener) => this.onCancel(listener)));
    if (body.length > limit) throw tooLarge(limit);
    return body;
  }

  /** The body to send on: as a stream unless a plugin has read it; null when there is none. */
  async forwardBody(): Promise<Buffer | BodyStream | null> {
    if (this.#body !== undefined) return await this.#body;
    return hasBody(this.incoming) ? new BodyStream(this.incoming, this.#bodyLimit) : null;
  }

  addHeader(name: string, value: string): void {
    (this.#addedHeaders ??= []).push(name, value.replaceAll(/[^\t\x20-\x7e]/g, "?"));
  }

  setHeader(name: string, value: string | undefined): void {
    const lower = name.toLowerCase();
    (this.#replacedHeaders ??= new Set()).add(lower);
    if (this.#addedHeaders !== undefined) this.#addedHeaders = withoutHeaders(this.#addedHeaders, new Set([lower]));
    if (value !== undefined) this.addHeader(name, value);
  }

  setForwarded(name: string, value: string | undefined): void {
    (this.forwardedEdits ??= { headers: new Map(), parameters: new Set() }).headers.set(name.toLowerCase(), value);
  }

  hideParameter(name: string): void {
    (this.forwardedEdits ??= { headers: new Map(), parameters: new Set() }).parameters.add(name);
  }

  markAttempt(): void {
    this.#lastAttemptAt = performance.now();
    this.proxyMs ??= this.#lastAttemptAt - this.startedAt;
  }

  begin(status: number, headers: readonly string[]): void {
    if (this.#isOver) return;
    if (this.#answer.status !== 0) throw new BugError("An answer that has begun was begun again.");
    this.#answer.begin(status, this.#complete(headers));
  }

  #complete(headers: readonly string[]): string[] {
    const all = this.#replacedHeaders === undefined ? headers.slice() : withoutHeaders(headers, this.#replacedHeaders);
    if (this.#addedHeaders !== undefined) all.push(...this.#addedHeaders);
    const now = performance.now();
    if (this.proxyMs === undefined) {
      all.push("X-Kong-Response-Latency", milliseconds(now - this.startedAt), "Server", this.host.product);
    } else {
      this.upstreamMs = now - this.#lastAttemptAt;
      all.push("X-Kong-Upstream-Latency", milliseconds(this.upstreamMs));
      all.push("X-Kong-Proxy-Latency", milliseconds(this.proxyMs), "Via", `1.1 ${this.host.product}`);
    }
    all.push("X-Kong-Request-Id", this.id);
    if (this.host.isDraining() && this.upgrade === undefined) all.push("Connection", "close");
    return all;
  }

  /** Answers 101. What goes over the connection from now on is not the exchange's affair; it is over when the connection closes. */
  switchProtocols(headers: readonly string[]): void {
    this.#answer.begin(101, this.#complete([...headers, "Connection", "Upgrade", "Upgrade", "websocket"]));
    this.#answer.flush();
    this.#switchedAt = this.incoming.socket.bytesWritten;
  }

  write(chunk: Buffer | string): boolean {
    return this.#isOver || this.#answer.write(chunk);
  }

  onDrain(listener: () => void): void {
    this.#response.once("drain", listener);
  }

  end(chunk?: Buffer | string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#answer.end(chunk);
  }

  abort(): void {
    if (this.#isClosed) return;
    this.#isOver = true;
    this.#isAborted = true;
    this.incoming.socket.destroy();
  }

  /** Whether another answer may begin: none has, or nothing of it has been sent. */
  takeBack(): boolean {
    return !this.#isOver && this.#answer.takeBack();
  }

  /** The response has been sent, or its connection is gone. */
  connectionClosed(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#isOver = true;
    this.isCancelled = !this.#response.writableFinished && !this.#isAborted && this.#switchedAt === undefined;
    if (this.isCancelled) for (const listener of this.#cancelListeners ?? []) listener();
    this.#lease.release();
    this.host.onOver(this);
  }
}

function milliseconds(duration: number): string {
  return String(Math.round(duration));
}
