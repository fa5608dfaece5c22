import { namesInConnection, notForwarded } from "../upstream/headers.ts";
import { splitHost } from "./host-pattern.ts";
import type { HttpExchange } from "./exchange.ts";

/** Which the gateway writes itself: a client must not be believed. */
const replaced: ReadonlySet<string> = new Set([
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-path",
  "x-forwarded-port",
  "x-forwarded-prefix",
  "x-forwarded-proto",
  "x-kong-request-id",
  "x-real-ip",
]);

/**
 * The client's headers as they go to a plain service: without those of its connection, with Kong's X-Forwarded-* set. `prefix` is the
 * part of the path that was stripped.
 */
export function forwardHeaders(exchange: HttpExchange, prefix: string | undefined): string[] {
  const { rawHeaders } = exchange.request;
  const connection = exchange.request.header("connection");
  const named = connection === undefined ? undefined : namesInConnection(connection);
  const headers: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] ?? "";
    const lower = name.toLowerCase();
    if (notForwarded.has(lower) || replaced.has(lower) || named?.has(lower) === true) continue;
    headers.push(name, rawHeaders[index + 1] ?? "");
  }
  headers.push(...forwarded(exchange, prefix));
  return headers;
}

/** For clients that are not known to be proxies of one's own, which is all of them: only the list of addresses is carried on. */
function forwarded(exchange: HttpExchange, prefix: string | undefined): string[] {
  const { request, clientAddress, incoming, host } = exchange;
  const before = request.header("x-forwarded-for");
  const headers = [
    "X-Forwarded-For",
    before === undefined ? clientAddress : `${before}, ${clientAddress}`,
    "X-Forwarded-Proto",
    host.scheme,
    "X-Forwarded-Host",
    splitHost(request.header("host") ?? "").host,
    "X-Forwarded-Port",
    String(incoming.socket.localPort ?? ""),
    "X-Forwarded-Path",
    request.rawPath,
    "X-Real-IP",
    clientAddress,
    "X-Kong-Request-Id",
    exchange.id,
  ];
  if (prefix !== undefined) headers.push("X-Forwarded-Prefix", prefix);
  return headers;
}
