import { UpstreamError } from "../core/errors.ts";
import type { UpstreamRequest, UpstreamResponse } from "../core/http-message.ts";
import type { Upstream, UpstreamFlow, UpstreamHandler, UpstreamTimeouts } from "./upstream.ts";

const usualTimeouts: UpstreamTimeouts = { connectMs: 5_000, writeMs: 60_000, headMs: 60_000, idleMs: 60_000 };

interface CollectOptions {
  readonly signal: AbortSignal;
  readonly maxBytes: number;
  readonly timeouts?: UpstreamTimeouts;
}

/** Contract: Upstream.collect. */
export async function collect(
  send: Upstream["send"],
  request: UpstreamRequest,
  options: CollectOptions,
): Promise<UpstreamResponse> {
  const { signal, maxBytes, timeouts = usualTimeouts } = options;
  signal.throwIfAborted();
  return await new Promise<UpstreamResponse>((resolve, reject) => {
    const collector = new Collector(request.origin, maxBytes, resolve, reject);
    const onAbort = (): void => collector.fail(signal.reason as Error);
    signal.addEventListener("abort", onAbort, { once: true });
    collector.onSettled = () => signal.removeEventListener("abort", onAbort);
    send(request, timeouts, collector);
  });
}

class Collector implements UpstreamHandler {
  onSettled: () => void = () => {};
  readonly #origin: string;
  readonly #maxBytes: number;
  readonly #resolve: (response: UpstreamResponse) => void;
  readonly #reject: (error: Error) => void;
  readonly #chunks: Buffer[] = [];
  #flow: UpstreamFlow | undefined;
  #isSettled = false;
  #status = 0;
  #headers: readonly string[] = [];
  #bytes = 0;

  constructor(
    origin: string,
    maxBytes: number,
    resolve: (response: UpstreamResponse) => void,
    reject: (error: Error) => void,
  ) {
    this.#origin = origin;
    this.#maxBytes = maxBytes;
    this.#resolve = resolve;
    this.#reject = reject;
  }

  onStart(flow: UpstreamFlow): void {
    this.#flow = flow;
    if (this.#isSettled) flow.cancel();
  }

  onHead(status: number, headers: readonly string[]): void {
    this.#status = status;
    this.#headers = headers;
  }

  onData(chunk: Buffer): boolean {
    this.#bytes += chunk.length;
    if (this.#bytes <= this.#maxBytes) this.#chunks.push(chunk);
    else
      this.fail(
        new UpstreamError(
          "GW_UPSTREAM_TOO_LARGE",
          `The answer of ${this.#origin} is larger than ${this.#maxBytes} bytes.`,
        ),
      );
    return true;
  }

  onEnd(): void {
    if (!this.#settle()) return;
    this.#resolve({ status: this.#status, headers: joinHeaders(this.#headers), body: Buffer.concat(this.#chunks) });
  }

  onError(error: UpstreamError): void {
    if (this.#settle()) this.#reject(error);
  }

  /** Gives the request up; what undici says after that is not heard. */
  fail(error: Error): void {
    if (!this.#settle()) return;
    this.#flow?.cancel();
    this.#reject(error);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.onSettled();
    return true;
  }
}

function joinHeaders(headers: readonly string[]): Record<string, string> {
  const joined: Record<string, string> = {};
  for (let index = 0; index + 1 < headers.length; index += 2) {
    const name = headers[index]?.toLowerCase() ?? "";
    const value = headers[index + 1] ?? "";
    const before = joined[name];
    joined[name] = before === undefined ? value : `${before}, ${value}`;
  }
  return joined;
}
