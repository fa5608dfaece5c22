import type { UpstreamError } from "../../core/errors.ts";
import { wholeLines } from "../../llm/sse.ts";
import type { UsageReader } from "../../llm/usage.ts";
import type { UpstreamFlow, UpstreamHandler } from "../../upstream/upstream.ts";
import type { Exchange } from "../plugin.ts";

/**
 * How an attempt began: with an answer for the client, with a status for which another target is tried, or not at all. `gone` is the
 * client.
 */
export type Beginning =
  | { readonly kind: "begun" | "gone" }
  | { readonly kind: "refused"; readonly status: number }
  | { readonly kind: "failed"; readonly error: UpstreamError };

export interface RelayOptions {
  /** Statuses that are not passed on, because another target will be tried. */
  isRefusal(status: number): boolean;
  /** The head for the client; called once, before anything is sent. */
  toHead(status: number, headers: readonly string[]): readonly string[];
  /** Called once, when nothing more comes and before the answer is closed. `status` is 0 when there was no head. */
  onEnd(status: number, error: UpstreamError | undefined): void;
  readonly usage: UsageReader | undefined;
}

/** A stream whose lines are longer than this is passed on as it comes. */
const MAX_HELD_BYTES = 64 * 1024;

/**
 * Hands one upstream's answer to the client as it comes: bytes are never changed, a slow client slows the upstream, and a client that goes
 * away ends it. Of event streams only whole lines are passed on, so that a stream that is cut can be ended by an event that says so.
 */
export class Relay implements UpstreamHandler {
  readonly #exchange: Exchange;
  readonly #options: RelayOptions;
  /** Settles with the head, or when it is known that none comes. */
  readonly beginning: Promise<Beginning>;
  /** Settles with the last byte; rejects with UpstreamError when an answer that has begun breaks off. Never rejects before it has begun. */
  readonly end: Promise<void>;
  #begin: (beginning: Beginning) => void = unset;
  #complete: (error?: UpstreamError) => void = unset;
  readonly #resume = (): void => this.#flow?.resume();
  #flow: UpstreamFlow | undefined;
  #isCancelled = false;
  #isFinished = false;
  #status = 0;
  #isEventStream = false;
  #held: Buffer | undefined;

  constructor(exchange: Exchange, options: RelayOptions) {
    this.#exchange = exchange;
    this.#options = options;
    this.beginning = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.end = new Promise((resolve, reject) => {
      this.#complete = (error) => (error === undefined ? resolve() : reject(error));
    });
  }

  /** The client has gone away: nothing more is waited for, not even a connection that is being made. */
  cancel(): void {
    this.#isCancelled = true;
    if (this.#finish(undefined)) {
      this.#begin({ kind: "gone" });
      this.#complete();
    }
    this.#flow?.cancel();
  }

  onStart(flow: UpstreamFlow): void {
    this.#flow = flow;
    if (this.#isCancelled) flow.cancel();
  }

  onHead(status: number, headers: readonly string[]): void {
    this.#status = status;
    if (this.#options.isRefusal(status)) {
      this.#finish(undefined);
      this.#begin({ kind: "refused", status });
      this.#flow?.cancel();
      return;
    }
    this.#isEventStream = isPlainEventStream(headers);
    this.#exchange.begin(status, this.#options.toHead(status, headers));
    this.#begin({ kind: "begun" });
  }

  onData(chunk: Buffer): boolean {
    this.#options.usage?.push(chunk);
    const ready = this.#isEventStream ? this.#takeWholeLines(chunk) : chunk;
    if (ready.length === 0 || this.#exchange.write(ready)) return true;
    this.#exchange.onDrain(this.#resume);
    return false;
  }

  onEnd(): void {
    if (!this.#finish(undefined)) return;
    this.#exchange.end(this.#held);
    this.#complete();
  }

  onError(error: UpstreamError): void {
    if (!this.#finish(error)) return;
    if (this.#status === 0) {
      this.#begin({ kind: "failed", error });
      return;
    }
    if (this.#isEventStream) this.#exchange.end(errorEvent(error));
    this.#complete(error);
  }

  #takeWholeLines(chunk: Buffer): Buffer {
    const bytes = this.#held === undefined ? chunk : Buffer.concat([this.#held, chunk]);
    const length = wholeLines(bytes);
    const isTooLong = bytes.length - length > MAX_HELD_BYTES;
    this.#held = length === bytes.length || isTooLong ? undefined : bytes.subarray(length);
    return this.#held === undefined ? bytes : bytes.subarray(0, length);
  }

  /** False when it was finished before. */
  #finish(error: UpstreamError | undefined): boolean {
    if (this.#isFinished) return false;
    this.#isFinished = true;
    this.#options.onEnd(this.#status, error);
    return true;
  }
}

function unset(): void {}

/** Never a silent end: SDKs raise an error for this event. It has the shape that gateway/fail.ts gives errors in OpenAI's format. */
function errorEvent(error: UpstreamError): string {
  const body = { error: { message: error.message, type: "server_error", param: null, code: error.code.toLowerCase() } };
  return `\ndata: ${JSON.stringify(body)}\n\n`;
}

function isPlainEventStream(headers: readonly string[]): boolean {
  let isEventStream = false;
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index]?.toLowerCase();
    const value = headers[index + 1] ?? "";
    if (name === "content-type") isEventStream = value.toLowerCase().startsWith("text/event-stream");
    if (name === "content-encoding" && value !== "identity") return false;
  }
  return isEventStream;
}
