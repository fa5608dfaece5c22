import type { Readable } from "node:stream";

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
}

/** A complete answer, for callers that want one (embeddings, credentials). */
export interface UpstreamResponse {
  readonly status: number;
  /** Names in lower case; repeated headers joined by `, `. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}
