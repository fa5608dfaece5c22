import type { Clock } from "../../core/clock.ts";
import { type GwError, UpstreamError } from "../../core/errors.ts";
import { wholeLines } from "../../llm/sse.ts";
import type { UsageReader } from "../../llm/usage.ts";
import type { UpstreamFlow, UpstreamHandler } from "../../upstream/upstream.ts";
import type { Exchange } from "../plugin.ts";
import { StallGuard } from "./stall-guard.ts";

/**
 * How an attempt began: with an answer for the client, with a status for which another target is tried, or not at all. `gone` is the
 * client.
 */
export type Beginning =
  | { readonly kind: "begun" | "gone" }
  | { readonly kind: "refused"; readonly status: number }
  | { readonly kind: "failed"; readonly error: UpstreamError };

/** How an attempt ended. */
export interface AttemptEnd {
  /** 0 when there was no head. */
  readonly status: number;
  readonly error: GwError | undefined;
  /** The request may have reached the provider. */
  readonly isSent: boolean;
  /** By the client. */
  readonly isCancelled: boolean;
}

export interface RelayOptions {
  /**
   * What becomes of a head: `refuse` it, because another target will be tried; `hold` it until the first byte follows, because another
   * target could be tried until then; or `pass` it on.
   */
  judge(status: number, headers: readonly string[]): "refuse" | "hold" | "pass";
  /** The head for the client; called once, before anything is sent. After it there is no other attempt. */
  toHead(status: number, headers: readonly string[]): readonly string[];
  /** Called once, when nothing more comes and before the answer is closed. */
  onEnd(end: AttemptEnd): void;
  readonly usage: UsageReader | undefined;
  /** What ends an event stream that breaks off: never a silent end. */
  errorEvent(error: UpstreamError): string;
  /** For streams: the longest silence from the head to the first byte, and after it, in milliseconds. */
  readonly stall: { readonly clock: Clock; readonly firstMs: number; readonly laterMs: number } | undefined;
}

interface Head {
  readonly status: number;
  readonly headers: readonly string[];
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
  readonly #resume = (): void => {
    this.#guard?.touch();
    this.#flow?.resume();
  };
  #flow: UpstreamFlow | undefined;
  #guard: StallGuard | undefined;
  #isCancelled = false;
  #isFinished = false;
  #hasBegun = false;
  #hasData = false;
  #status = 0;
  #head: Head | undefined;
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

  /** Ends the attempt as if the upstream had failed. */
  fail(error: UpstreamError): void {
    this.#isCancelled = true;
    this.onError(error);
    this.#flow?.cancel();
  }

  onStart(flow: UpstreamFlow): void {
    this.#flow = flow;
    if (this.#isCancelled) flow.cancel();
  }

  onHead(status: number, headers: readonly string[]): void {
    if (this.#isFinished) return;
    this.#status = status;
    const judgement = this.#options.judge(status, headers);
    if (judgement === "refuse") {
      this.#finish(undefined);
      this.#begin({ kind: "refused", status });
      this.#flow?.cancel();
      return;
    }
    this.#head = { status, headers };
    this.#isEventStream = isPlainEventStream(headers);
    if (judgement === "pass") this.#passHead();
    this.#startGuard();
  }

  /** No bytes are a sign of life, and not yet an answer. */
  onData(chunk: Buffer): boolean {
    if (this.#isFinished) return true;
    if (chunk.length === 0) {
      this.#guard?.touch();
      return true;
    }
    if (this.#head !== undefined) this.#passHead();
    this.#onLife();
    this.#options.usage?.push(chunk);
    const ready = this.#isEventStream ? this.#takeWholeLines(chunk) : chunk;
    if (ready.length === 0 || this.#exchange.write(ready)) return true;
    this.#guard?.pause();
    this.#exchange.onDrain(this.#resume);
    return false;
  }

  onEnd(): void {
    if (this.#isFinished) return;
    if (this.#head !== undefined) this.#passHead();
    this.#finish(undefined);
    this.#exchange.end(this.#held);
    this.#complete();
  }

  onError(error: UpstreamError): void {
    if (!this.#finish(error)) return;
    if (!this.#hasBegun) {
      this.#begin({ kind: "failed", error });
      return;
    }
    if (this.#isEventStream) this.#exchange.end(this.#options.errorEvent(error));
    this.#complete(error);
  }

  #passHead(): void {
    if (this.#head === undefined) return;
    const { status, headers } = this.#head;
    this.#head = undefined;
    this.#hasBegun = true;
    this.#exchange.begin(status, this.#options.toHead(status, headers));
    this.#begin({ kind: "begun" });
  }

  #startGuard(): void {
    const { stall } = this.#options;
    if (stall === undefined) return;
    this.#guard = new StallGuard(stall.clock, () => this.fail(stalled(this.#hasData ? stall.laterMs : stall.firstMs)));
    this.#guard.watch(stall.firstMs);
  }

  #onLife(): void {
    if (this.#hasData) this.#guard?.touch();
    else {
      this.#hasData = true;
      this.#guard?.watch(this.#options.stall?.laterMs ?? 0);
    }
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
    this.#guard?.stop();
    const isSent = this.#flow !== undefined;
    this.#options.onEnd({ status: this.#status, error, isSent, isCancelled: this.#isCancelled && error === undefined });
    return true;
  }
}

function unset(): void {}

function stalled(ms: number): UpstreamError {
  const message = `The upstream server is timing out: its stream was silent for ${ms / 1000} s.`;
  return new UpstreamError("GW_UPSTREAM_TIMEOUT", message, { details: { sent: true } });
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
