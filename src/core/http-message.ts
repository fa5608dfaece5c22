import type { Readable } from "node:stream";
import type { Secret } from "./secret.ts";

/** One request to an upstream, ready to be sent. Plain data, so drivers can build it without knowing the client library. */
export interface UpstreamRequest {
  readonly method: string;
  /** Scheme, host and port: `https://api.openai.com`. */
  readonly origin: string;
  /** Path and query, starting with `/`. */
  readonly path: string;
  /**
   * Alternating names and values, without hop-by-hop headers. The sender sets Host and Content-Length; one that is given replaces
   * Host (`preserve_host`) or tells the length of a stream.
   */
  readonly headers: readonly string[];
  readonly body: Buffer | string | Readable | null;
  /** The upstream is asked to go on with another protocol; absent, which is usual: it is not. */
  readonly upgrade?: "websocket";
  /** Absent, which is usual: the server is checked as the system does it, and sees no certificate. */
  readonly tls?: UpstreamTls;
}

/** How a server is met over TLS. */
export interface UpstreamTls {
  /** Equal for equal settings: what shares it shares connections. */
  readonly id: string;
  /** false: any certificate will do. */
  readonly verify: boolean;
  /** PEM, in place of the authorities of the system. */
  readonly ca: readonly string[] | undefined;
  /** The client's certificate, PEM; asked for at each new connection. */
  readonly identity: (() => Promise<{ readonly cert: string; readonly key: Secret }>) | undefined;
  /** How many certificates may stand between the server's and the authority's. */
  readonly maxDepth: number | undefined;
}

/** A complete answer, for callers that want one (embeddings, credentials). */
export interface UpstreamResponse {
  readonly status: number;
  /** Names in lower case; repeated headers joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
