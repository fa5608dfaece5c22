import { UpstreamError } from "../../core/errors.ts";
import type { UpstreamFlow, UpstreamHandler } from "../../upstream/upstream.ts";
import type { ReadyCredential, TargetCredential } from "./target-credential.ts";

/** How a request is sent, and sent again with other credentials. */
export interface KeyGuardOptions {
  readonly credentials: readonly TargetCredential[];
  /** Those of the request, in the same order. */
  readonly used: readonly ReadyCredential[];
  send(credentials: readonly ReadyCredential[], handler: UpstreamHandler): void;
  /** The request goes out again, with other credentials. */
  onRenewal(): void;
}

/** Longer answers to a refused key are passed on as they are: no provider has that much to say. */
const MAX_HELD_BYTES = 64 * 1024;

/**
 * Sends a request with credentials from vaults. When the provider refuses the key (401 or 403, before which nothing was done or billed),
 * the vault is asked for another; if there is one, the request is sent again with it, and the handler hears of the second answer only.
 */
export function sendGuarded(options: KeyGuardOptions, handler: UpstreamHandler): void {
  const isGuarded = options.credentials.some(({ isRenewable }) => isRenewable);
  options.send(options.used, isGuarded ? new KeyGuard(options, handler) : handler);
}

class KeyGuard implements UpstreamHandler {
  readonly #handler: UpstreamHandler;
  /** Gone when it is no longer needed: a stream may last for minutes, and these hold its request. */
  #options: KeyGuardOptions | undefined;
  #flow: UpstreamFlow | undefined;
  #isCancelled = false;
  #refusal: Refusal | undefined;

  constructor(options: KeyGuardOptions, handler: UpstreamHandler) {
    this.#options = options;
    this.#handler = handler;
  }

  onStart(flow: UpstreamFlow): void {
    const isFirst = this.#flow === undefined;
    this.#flow = flow;
    if (isFirst) this.#handler.onStart({ cancel: () => this.#cancel(), resume: () => this.#flow?.resume() });
    if (this.#isCancelled) flow.cancel();
  }

  onHead(status: number, headers: readonly string[]): void {
    if (this.#options !== undefined && (status === 401 || status === 403)) {
      this.#refusal = { status, headers, chunks: [], length: 0 };
      return;
    }
    this.#options = undefined;
    this.#handler.onHead(status, headers);
  }

  onData(chunk: Buffer): boolean {
    if (this.#refusal === undefined) return this.#handler.onData(chunk);
    this.#refusal.chunks.push(chunk);
    this.#refusal.length += chunk.length;
    return this.#refusal.length <= MAX_HELD_BYTES || this.#passOn();
  }

  onEnd(): void {
    if (this.#refusal === undefined) this.#handler.onEnd();
    else void this.#renew();
  }

  onError(error: UpstreamError): void {
    if (this.#refusal !== undefined && !this.#isCancelled) this.#passOn();
    this.#handler.onError(error);
  }

  #cancel(): void {
    this.#isCancelled = true;
    this.#flow?.cancel();
  }

  async #renew(): Promise<void> {
    const { credentials = [], used = [] } = this.#options ?? {};
    const renewed = await Promise.all(used.map(async (one, index) => (await credentials[index]?.renew(one)) ?? one));
    if (this.#isCancelled)
      this.#handler.onError(new UpstreamError("GW_UPSTREAM_ABORTED", "The request was cancelled."));
    else if (renewed.some((one, index) => one !== used[index])) this.#sendAgain(renewed);
    else {
      this.#passOn();
      this.#handler.onEnd();
    }
  }

  #sendAgain(credentials: readonly ReadyCredential[]): void {
    const options = this.#options;
    this.#options = undefined;
    this.#refusal = undefined;
    options?.onRenewal();
    options?.send(credentials, this);
  }

  /** The refusal is the answer. False when the handler cannot take more. */
  #passOn(): boolean {
    const refusal = this.#refusal;
    this.#refusal = undefined;
    this.#options = undefined;
    if (refusal === undefined) return true;
    this.#handler.onHead(refusal.status, refusal.headers);
    return refusal.chunks.map((chunk) => this.#handler.onData(chunk)).every((isReady) => isReady);
  }
}

interface Refusal {
  readonly status: number;
  readonly headers: readonly string[];
  readonly chunks: Buffer[];
  length: number;
}
