import type { Readable } from "node:stream";
import type { Duplex } from "node:stream";
import type { Dispatcher } from "undici";
import type { UpstreamRequest } from "../core/http-message.ts";
import { toUpstreamError, WRITE_TIMEOUT } from "./failure.ts";
import { readResponseHeaders } from "./headers.ts";
import { hostAndPort, type Pools } from "./pools.ts";
import type { SilenceWatch, Watched } from "./silence-watch.ts";
import type { UpstreamFlow, UpstreamHandler, UpstreamTimeouts } from "./upstream.ts";
import { inPieces } from "./written-body.ts";

/** What all requests of a client share. */
export interface Sender {
  readonly pools: Pools;
  readonly watch: SilenceWatch;
}

/** Contract: Upstream.send. */
export function send(
  { pools, watch }: Sender,
  request: UpstreamRequest,
  timeouts: UpstreamTimeouts,
  handler: UpstreamHandler,
): void {
  const delivery = new Delivery(request.origin, timeouts, handler, watch);
  const options: Dispatcher.DispatchOptions = {
    method: request.method,
    path: request.path,
    ...toBody(request, delivery),
    // The watch keeps the time.
    headersTimeout: 0,
    bodyTimeout: 0,
  };
  if (request.upgrade !== undefined) options.upgrade = request.upgrade;
  pools.get(request.origin, timeouts.connectMs, request.tls).dispatch(options, delivery);
  // undici's pool never uses a connection again that refused to write a request: start afresh instead of losing one each time.
  if (delivery.wasRefused) pools.retire(request.origin, timeouts.connectMs, request.tls);
}

function toBody(
  { headers, body }: UpstreamRequest,
  delivery: Delivery,
): Pick<Dispatcher.DispatchOptions, "headers" | "body"> {
  if (body === null || typeof body === "string") return { headers: headers as string[], body };
  const stream = Buffer.isBuffer(body) ? inPieces(body) : body;
  if (stream === undefined) return { headers: headers as string[], body };
  delivery.follow(stream);
  const isLengthKnown = !Buffer.isBuffer(body) || headers.some(isContentLength);
  const all = isLengthKnown ? (headers as string[]) : [...headers, "Content-Length", String(body.length)];
  return { headers: all, body: stream };
}

function isContentLength(text: string, index: number): boolean {
  return index % 2 === 0 && text.toLowerCase() === "content-length";
}

/**
 * undici's calls, handed on. The handler methods of undici 6 (`onConnect`, `onHeaders`, …) are still what undici 7 uses inside: with
 * them a request costs 8 µs less than with `onRequestStart` and its followers, which first collect the headers into an object.
 */
class Delivery implements UpstreamFlow, Watched, Dispatcher.DispatchHandler {
  wasRefused = false;
  dueAt = Number.POSITIVE_INFINITY;
  position = -1;
  readonly #origin: string;
  readonly #handler: UpstreamHandler;
  readonly #watch: SilenceWatch;
  readonly #timeouts: UpstreamTimeouts;
  #abort: ((reason?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #isWritten = false;
  #hasHead = false;

  constructor(origin: string, timeouts: UpstreamTimeouts, handler: UpstreamHandler, watch: SilenceWatch) {
    this.#origin = origin;
    this.#timeouts = timeouts;
    this.#handler = handler;
    this.#watch = watch;
  }

  cancel(): void {
    this.#abort?.();
  }

  /** The stream is what is sent: undici pauses it while the upstream does not take what was written. */
  follow(body: Readable): void {
    body.on("pause", () => this.#expectReading(this.#timeouts.writeMs));
    // What is waited for now is the client.
    body.on("resume", () => this.#expectReading(0));
  }

  resume(): void {
    this.#expect(this.#timeouts.idleMs);
    this.#resume?.();
  }

  onSilent(): void {
    this.#watch.remove(this);
    this.#abort?.(Object.assign(new Error("The upstream was silent for too long."), { code: this.#silenceCode() }));
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort;
    this.#watch.add(this);
    this.#handler.onStart(this);
  }

  onRequestSent(): void {
    this.#isWritten = true;
    if (!this.#hasHead) this.#expect(this.#timeouts.headMs);
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    if (status < 200) return true;
    this.#resume = resume;
    this.#hasHead = true;
    this.#expect(this.#timeouts.idleMs);
    this.#handler.onHead(status, readResponseHeaders(headers));
    return true;
  }

  onData(chunk: Buffer): boolean {
    const goesOn = this.#handler.onData(chunk);
    // A client that reads slowly is not the upstream's silence.
    this.#expect(goesOn ? this.#timeouts.idleMs : 0);
    return goesOn;
  }

  onUpgrade(_status: number, headers: Buffer[], connection: Duplex): void {
    this.#watch.remove(this);
    if (this.#handler.onUpgrade === undefined) connection.destroy();
    else this.#handler.onUpgrade(readResponseHeaders(headers), connection);
  }

  onComplete(): void {
    this.#watch.remove(this);
    this.#handler.onEnd();
  }

  onError(error: Error): void {
    this.#watch.remove(this);
    const isSent = this.#abort !== undefined;
    this.wasRefused = !isSent && "code" in error && error.code === "UND_ERR_INVALID_ARG";
    const host = hostAndPort(new URL(this.#origin));
    this.#handler.onError(toUpstreamError(error, { host, isSent, hasHead: this.#hasHead }));
  }

  #silenceCode(): string {
    if (this.#hasHead) return "UND_ERR_BODY_TIMEOUT";
    return this.#isWritten ? "UND_ERR_HEADERS_TIMEOUT" : WRITE_TIMEOUT;
  }

  /** After the head, which may come before the request was read, the answer is what counts. */
  #expectReading(ms: number): void {
    if (!this.#isWritten && !this.#hasHead) this.#expect(ms);
  }

  /** A sign of life within `ms` milliseconds; 0: no limit. */
  #expect(ms: number): void {
    this.dueAt = ms === 0 ? Number.POSITIVE_INFINITY : this.#watch.now + ms;
  }
}
