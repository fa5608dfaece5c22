import type { IncomingMessage } from "node:http";
import type { ExchangeRequest } from "../plugins/plugin.ts";
import { normalisePath } from "../core/normalise-path.ts";

/** The head of a client's request, read once. */
export class ClientRequest implements ExchangeRequest {
  readonly method: string;
  readonly path: string;
  /** As sent, before Kong's rules were applied. */
  readonly rawPath: string;
  readonly query: string;
  /** Set when the route has been found. */
  captures: ExchangeRequest["captures"];
  readonly #incoming: IncomingMessage;

  constructor(incoming: IncomingMessage) {
    const target = withoutOrigin(incoming.url ?? "/");
    const queryAt = target.indexOf("?");
    this.method = incoming.method ?? "GET";
    this.rawPath = queryAt < 0 ? target : target.slice(0, queryAt);
    this.path = normalisePath(this.rawPath);
    this.query = queryAt < 0 ? "" : target.slice(queryAt);
    this.#incoming = incoming;
  }

  get rawHeaders(): readonly string[] {
    return this.#incoming.rawHeaders;
  }

  header(name: string): string | undefined {
    const value: unknown = this.#incoming.headers[name.toLowerCase()];
    if (typeof value === "string") return value;
    return Array.isArray(value) ? value.join(", ") : undefined;
  }
}

/** A client that takes gw for a forward proxy sends `http://host/path` (RFC 9112, 3.2.2): what counts is the path. */
function withoutOrigin(target: string): string {
  if (target.startsWith("/")) return target;
  const authority = target.indexOf("://");
  if (authority < 0) return target;
  const end = target.slice(authority + 3).search(/[/?]/);
  if (end < 0) return "/";
  const rest = target.slice(authority + 3 + end);
  return rest.startsWith("/") ? rest : `/${rest}`;
}
