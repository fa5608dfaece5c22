import type { Clock } from "../../../core/clock.ts";
import { isJsonObject } from "../../../core/json.ts";
import { retryDelayMs } from "../../backoff.ts";
import { startTimer } from "../../timer.ts";

/** How long a token lives, as Vault says it. */
export interface Lease {
  /** In milliseconds; Infinity for a token that never expires. */
  readonly ttlMs: number;
  readonly isRenewable: boolean;
}

interface TokenLifeOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Prolongs the token or gets another; answers the lease that holds from then on, undefined when it could not be done. */
  prolong(): Promise<Lease | undefined>;
  /** The token could not be prolonged, and ends in so many milliseconds. */
  onWarning(leftMs: number): void;
}

/** Sees to it that a token is prolonged when two thirds of its life have passed, and again with growing pauses until it has ended. */
export class TokenLife {
  readonly #options: TokenLifeOptions;
  #endsAt = Infinity;
  #failures = 0;
  #cancel: () => void = () => {};
  #isClosed = false;

  constructor(options: TokenLifeOptions) {
    this.#options = options;
  }

  start({ ttlMs }: Lease): void {
    const { clock, random } = this.#options;
    this.#failures = 0;
    this.#endsAt = clock.now() + ttlMs;
    this.#wakeAt(clock.now() + ttlMs * (0.6 + random() / 10));
  }

  stop(): void {
    this.#isClosed = true;
    this.#cancel();
  }

  #wakeAt(time: number): void {
    this.#cancel();
    if (this.#isClosed) return;
    this.#cancel = startTimer(this.#options.clock, time, () => void this.#prolong());
  }

  async #prolong(): Promise<void> {
    const { clock, random } = this.#options;
    const lease = await this.#options.prolong();
    if (this.#isClosed) return;
    if (lease !== undefined) {
      this.start(lease);
      return;
    }
    this.#failures += 1;
    const left = this.#endsAt - clock.now();
    this.#options.onWarning(Math.max(0, left));
    if (left > 0) this.#wakeAt(clock.now() + Math.min(retryDelayMs(this.#failures, random()), left));
  }
}

/**
 * Of the `auth` of a login or renewal (`lease_duration`, in seconds) or the `data` of a lookup (`ttl`). 0 is for ever, but for a token that
 * has an `expire_time`: Vault counts its last second as none.
 */
export function leaseOf(answer: unknown): Lease {
  const fields = isJsonObject(answer) ? answer : {};
  const seconds = fields["lease_duration"] ?? fields["ttl"];
  const isEnding = seconds === 0 && typeof fields["expire_time"] === "string";
  return {
    ttlMs: isEnding ? 0 : typeof seconds === "number" && seconds > 0 ? seconds * 1000 : Infinity,
    isRenewable: fields["renewable"] === true,
  };
}
