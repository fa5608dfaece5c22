import type { Duplex } from "node:stream";
import type { UpstreamError } from "../core/errors.ts";
import type { UpstreamRequest, UpstreamResponse, UpstreamTls } from "../core/http-message.ts";

/** All in milliseconds. */
export interface UpstreamTimeouts {
  readonly connectMs: number;
  /** Between two pieces of the request that the connection takes. 0: no limit. */
  readonly writeMs: number;
  /** From the end of the request to the response's head. */
  readonly headMs: number;
  /** Between two pieces of the body. 0: no limit. */
  readonly idleMs: number;
}

/** What `cancel` and `resume` act on; handed over before anything is sent. */
export interface UpstreamFlow {
  /** Closes the upstream request. The handler then hears `onError` with GW_UPSTREAM_ABORTED, or nothing when it has ended. */
  cancel(): void;
  /** Continues after `onData` returned false. */
  resume(): void;
}

/**
 * Called straight from the client library, so that a relay costs no promise and no stream. Exactly one of `onEnd`, `onError` and
 * `onUpgrade` is the last call. Must not throw.
 */
export interface UpstreamHandler {
  /** The request is about to be written to a connection. */
  onStart(flow: UpstreamFlow): void;
  /** Final status and head (never 1xx): alternating names and values as received, hop-by-hop headers removed. */
  onHead(status: number, headers: readonly string[]): void;
  /** Returning false pauses the upstream until `flow.resume()`. */
  onData(chunk: Buffer): boolean;
  onEnd(): void;
  /** `error.details.sent` says whether the request may have reached the upstream (it may then have been billed). */
  onError(error: UpstreamError): void;
  /** The upstream has switched to the protocol that the request asked for: the connection is the handler's. */
  onUpgrade?(headers: readonly string[], connection: Duplex): void;
}

export interface Upstream {
  send(request: UpstreamRequest, timeouts: UpstreamTimeouts, handler: UpstreamHandler): void;
  /** Reads a complete answer of at most `maxBytes`; throws UpstreamError, or the signal's reason. Not for the request path. */
  collect(
    request: UpstreamRequest,
    options: { readonly signal: AbortSignal; readonly maxBytes: number; readonly timeouts?: UpstreamTimeouts },
  ): Promise<UpstreamResponse>;
  /** Connects as a request to the origin would, with TLS where it has that, and closes: nothing is sent. Throws UpstreamError, or the signal's reason. */
  reach(
    origin: string,
    options: { readonly signal: AbortSignal; readonly tls?: UpstreamTls | undefined },
  ): Promise<void>;
  close(): Promise<void>;
}
