import type { Dispatcher } from "undici";
import type { UpstreamRequest } from "../core/http-message.ts";
import { toUpstreamError } from "./failure.ts";
import { readResponseHeaders } from "./headers.ts";
import { hostAndPort, type Pools } from "./pools.ts";
import type { SilenceWatch, Watched } from "./silence-watch.ts";
import type { UpstreamFlow, UpstreamHandler, UpstreamTimeouts } from "./upstream.ts";

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
  const delivery = new Delivery(request, timeouts, handler, watch);
  // While a body is streamed to the upstream, only undici knows when it has been sent.
  const own = isStreamed(request) ? timeouts : noTimeouts;
  const options: Dispatcher.DispatchOptions = {
    method: request.method,
    path: request.path,
    headers: request.headers as string[],
    body: request.body,
    headersTimeout: own.headMs,
    bodyTimeout: own.idleMs,
  };
  pools.get(request.origin, timeouts.connectMs).dispatch(options, delivery);
  // undici's pool never uses a connection again that refused to write a request: start afresh instead of losing one each time.
  if (delivery.wasRefused) pools.retire(request.origin, timeouts.connectMs);
}

const noTimeouts = { headMs: 0, idleMs: 0 };

function isStreamed({ body }: UpstreamRequest): boolean {
  return body !== null && typeof body === "object" && !Buffer.isBuffer(body);
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
  /** 0: no limit, or it is undici's to keep. */
  readonly #headMs: number;
  readonly #idleMs: number;
  #abort: ((reason?: Error) => void) | undefined;
  #resume: (() => void) | undefined;
  #hasHead = false;

  constructor(request: UpstreamRequest, timeouts: UpstreamTimeouts, handler: UpstreamHandler, watch: SilenceWatch) {
    const { headMs, idleMs } = isStreamed(request) ? noTimeouts : timeouts;
    this.#origin = request.origin;
    this.#headMs = headMs;
    this.#idleMs = idleMs;
    this.#handler = handler;
    this.#watch = watch;
  }

  cancel(): void {
    this.#abort?.();
  }

  resume(): void {
    this.#expect(this.#idleMs);
    this.#resume?.();
  }

  onSilent(): void {
    this.#watch.remove(this);
    const code = this.#hasHead ? "UND_ERR_BODY_TIMEOUT" : "UND_ERR_HEADERS_TIMEOUT";
    this.#abort?.(Object.assign(new Error("The upstream was silent for too long."), { code }));
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort;
    this.#watch.add(this);
    this.#expect(this.#headMs);
    this.#handler.onStart(this);
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    if (status < 200) return true;
    this.#resume = resume;
    this.#hasHead = true;
    this.#expect(this.#idleMs);
    this.#handler.onHead(status, readResponseHeaders(headers));
    return true;
  }

  onData(chunk: Buffer): boolean {
    const goesOn = this.#handler.onData(chunk);
    // A client that reads slowly is not the upstream's silence.
    this.#expect(goesOn ? this.#idleMs : 0);
    return goesOn;
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

  /** A sign of life within `ms` milliseconds; 0: no limit. */
  #expect(ms: number): void {
    this.dueAt = ms === 0 ? Number.POSITIVE_INFINITY : this.#watch.now + ms;
  }
}
