import { randomUUID } from "node:crypto";
import type { Upstream } from "../../config/types.ts";
import type { HttpExchange } from "../exchange.ts";

type HashOn = Upstream["hash_on"];

/** What a source reads beside its name. */
interface HashSource {
  readonly on: HashOn;
  readonly header: string | undefined;
  readonly argument: string | undefined;
  readonly capture: string | undefined;
}

/**
 * What requests of one kind have in common, by `hash_on` and then by `hash_fallback`; unique where neither finds anything, which spreads
 * such requests evenly. A client without the cookie that is to be hashed is given one.
 */
export function hashKeyOf(
  exchange: HttpExchange,
  upstream: Upstream,
  captures: Readonly<Record<string, string>> | undefined,
): string {
  const read = (source: HashSource): string | undefined => readSource(exchange, upstream, source, captures);
  return (
    read({
      on: upstream.hash_on,
      header: upstream.hash_on_header,
      argument: upstream.hash_on_query_arg,
      capture: upstream.hash_on_uri_capture,
    }) ??
    read({
      on: upstream.hash_fallback,
      header: upstream.hash_fallback_header,
      argument: upstream.hash_fallback_query_arg,
      capture: upstream.hash_fallback_uri_capture,
    }) ??
    exchange.id
  );
}

function readSource(
  exchange: HttpExchange,
  upstream: Upstream,
  { on, header, argument, capture }: HashSource,
  captures: Readonly<Record<string, string>> | undefined,
): string | undefined {
  const { request, identity, clientAddress } = exchange;
  switch (on) {
    case "consumer":
      return identity?.caller.id ?? identity?.credential;
    case "ip":
      return clientAddress;
    case "header":
      return request.header(header ?? "");
    case "path":
      return request.path;
    case "query_arg":
      return new URLSearchParams(request.query).getAll(argument ?? "").join(",") || undefined;
    case "uri_capture":
      return captures?.[capture ?? ""];
    case "cookie":
      return cookieOrNew(exchange, upstream);
    default:
      return undefined;
  }
}

function cookieOrNew(exchange: HttpExchange, upstream: Upstream): string {
  const name = upstream.hash_on_cookie ?? "";
  const sent = readCookie(exchange.request.header("cookie") ?? "", name);
  if (sent !== undefined) return sent;
  const made = randomUUID();
  exchange.addHeader("Set-Cookie", `${name}=${made}; Path=${upstream.hash_on_cookie_path}; HttpOnly`);
  return made;
}

function readCookie(header: string, name: string): string | undefined {
  for (const pair of header.split(";")) {
    const equals = pair.indexOf("=");
    if (equals > 0 && pair.slice(0, equals).trim() === name) return pair.slice(equals + 1).trim() || undefined;
  }
  return undefined;
}
