import type { Duplex } from "node:stream";
import type { Service } from "../config/types.ts";
import { RequestError, type UpstreamError } from "../core/errors.ts";
import type { UpstreamRequest } from "../core/http-message.ts";
import type { Upstream, UpstreamFlow, UpstreamHandler } from "../upstream/upstream.ts";
import type { HttpExchange } from "./exchange.ts";
import { forwardHeaders } from "./forward-headers.ts";
import { editHeaders, editQuery } from "./header-edits.ts";
import type { RuntimeMatch } from "./runtime.ts";
import { BodyStream } from "./request-body.ts";
import { joinUpstreamPath } from "./upstream-path.ts";
import { findHandshakeError, join } from "./websocket.ts";

/**
 * Sends the exchange to its route's service, bodies streamed both ways. Settles when the answer is complete or the client is gone.
 * Throws UpstreamError when there is no answer or it broke off; RequestError when the service cannot be spoken with.
 */
export async function proxyToService(exchange: HttpExchange, match: RuntimeMatch, upstream: Upstream): Promise<void> {
  const { service } = match.plan;
  if (service === undefined) throw new RequestError("GW_REQUEST_NO_SERVICE", "no Service found with those values");
  const request = await toUpstreamRequest(exchange, match, service);
  const retries = isRepeatable(request) ? service.retries : 0;
  for (let attempt = 0; ; attempt += 1) {
    const error = await relay(exchange, request, service, upstream);
    if (error === undefined) return;
    if (request.body instanceof BodyStream && request.body.refusal !== undefined) throw request.body.refusal;
    if (attempt >= retries || exchange.status !== 0 || !isWorthRepeating(error)) throw error;
  }
}

/** As it goes to the address of the service. Throws RequestError for a protocol that gw does not speak. */
export async function toUpstreamRequest(
  exchange: HttpExchange,
  match: RuntimeMatch,
  service: Service,
): Promise<UpstreamRequest> {
  const { request } = exchange;
  const { route, tls } = match.plan;
  const prefix = route.strip_path ? match.prefix : undefined;
  const body = await exchange.forwardBody();
  const { forwardedEdits: edits } = exchange;
  const headers =
    edits === undefined ? forwardHeaders(exchange, prefix) : editHeaders(forwardHeaders(exchange, prefix), edits);
  const host = request.header("host");
  if (route.preserve_host && host !== undefined) headers.push("Host", host);
  const length = request.header("content-length");
  if (length !== undefined && body !== null) headers.push("Content-Length", length);
  const sent: UpstreamRequest = {
    method: request.method,
    origin: originOf(service),
    path:
      joinUpstreamPath(service.path, request.path, prefix) +
      (edits === undefined ? request.query : editQuery(request.query, edits)),
    headers,
    body,
  };
  const met: UpstreamRequest = tls === undefined ? sent : { ...sent, tls };
  return exchange.upgrade === undefined ? met : { ...met, upgrade: "websocket" };
}

function originOf({ protocol, host, port, name, id }: Service): string {
  if (protocol !== "http" && protocol !== "https") {
    throw new RequestError(
      "GW_ROUTE_UNAVAILABLE",
      `The service "${name ?? id}" speaks ${protocol}, which gw does not proxy: use http or https.`,
    );
  }
  return `${protocol}://${host.includes(":") && !host.startsWith("[") ? `[${host}]` : host}:${port}`;
}

const repeatableMethods: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

/** A kept connection may close just as it is used again: what can be sent twice (RFC 9110, 9.2.2) is, as nginx does. */
function isRepeatable({ method, body }: UpstreamRequest): boolean {
  return isRepeatableMethod(method) && (body === null || Buffer.isBuffer(body));
}

/** RFC 9110, 9.2.2. */
export function isRepeatableMethod(method: string): boolean {
  return repeatableMethods.has(method);
}

function isWorthRepeating({ code }: UpstreamError): boolean {
  return code === "GW_UPSTREAM_CONNECT" || code === "GW_UPSTREAM_RESET";
}

/** The error that ended the attempt; undefined when the answer is complete or nobody waits for it. */
export function relay(
  exchange: HttpExchange,
  request: UpstreamRequest,
  service: Service,
  upstream: Upstream,
): Promise<UpstreamError | undefined> {
  return new Promise((resolve) => {
    const timeouts = {
      connectMs: service.connect_timeout,
      writeMs: service.write_timeout,
      headMs: service.read_timeout,
      idleMs: service.read_timeout,
    };
    exchange.markAttempt();
    upstream.send(request, timeouts, new Relay(exchange, service.read_timeout, resolve));
  });
}

class Relay implements UpstreamHandler {
  readonly #exchange: HttpExchange;
  readonly #idleMs: number;
  readonly #done: (error: UpstreamError | undefined) => void;
  #flow: UpstreamFlow | undefined;

  constructor(exchange: HttpExchange, idleMs: number, done: (error: UpstreamError | undefined) => void) {
    this.#exchange = exchange;
    this.#idleMs = idleMs;
    this.#done = done;
    exchange.onCancel(() => this.#flow?.cancel());
  }

  onStart(flow: UpstreamFlow): void {
    this.#flow = flow;
    if (this.#exchange.isOver) flow.cancel();
  }

  onHead(status: number, headers: readonly string[]): void {
    this.#exchange.begin(status, headers);
  }

  onData(chunk: Buffer): boolean {
    const isReady = this.#exchange.write(chunk);
    if (!isReady) this.#exchange.onDrain(() => this.#flow?.resume());
    return isReady;
  }

  onEnd(): void {
    this.#exchange.end();
    this.#done(undefined);
  }

  onUpgrade(headers: readonly string[], connection: Duplex): void {
    const { upgrade, incoming } = this.#exchange;
    const error = findHandshakeError(incoming.headers, headers);
    if (upgrade === undefined || error !== undefined || this.#exchange.isOver) {
      connection.on("error", () => {}).destroy();
      this.#done(error);
      return;
    }
    this.#exchange.switchProtocols(headers);
    join(upgrade, connection, this.#idleMs, () => this.#done(undefined));
  }

  onError(error: UpstreamError): void {
    this.#done(this.#exchange.isOver ? undefined : error);
  }
}
