import type { Clock } from "../core/clock.ts";
import type { SecretError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import type { Freshness } from "./freshness.ts";
import type { VaultSecret } from "./vault.ts";

/** A value that is younger is fresh even for who asks for a fresh one, in milliseconds. */
const MIN_AGE_MS = 5_000;
/** A value is refreshed this long before it expires, or a tenth of its ttl when that is shorter; in milliseconds. */
const MAX_LEAD_MS = 5_000;
/** Kong's rotation interval: how long after a failed refresh the next one comes, at most; in milliseconds. */
const MAX_RETRY_MS = 60_000;
/** Node fires longer timers at once. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface SourceOptions {
  readonly freshness: Freshness;
  readonly clock: Clock;
  /** Aborted when the lookup closes. */
  readonly closing: AbortSignal;
  /** Asks the vault. Throws SecretError. */
  read(signal: AbortSignal): Promise<VaultSecret>;
  /** Another value is to be served from now on; undefined when `get` has to be asked first. */
  onChange(secret: Secret | undefined): void;
  /** A refresh failed, and the value read `ageMs` milliseconds ago is served instead. */
  onStale(error: SecretError, ageMs: number): void;
}

interface Value {
  readonly secret: Secret;
  readonly readAt: number;
  readonly ttlMs: number;
  /** When a new one is to be read. */
  readonly freshUntil: number;
}

/** One secret of one vault: its value, how fresh that is, and the one request that may be under way for it. */
export class SecretSource {
  /** Set by whoever uses the value: what nobody used since the last refresh is not refreshed in the background. */
  isUsed = false;
  readonly #options: SourceOptions;
  #value: Value | undefined;
  #failure: { readonly error: SecretError; readonly until: number } | undefined;
  #flight: Promise<Secret> | undefined;
  #cancelTimer: (() => void) | undefined;

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /** The value, read from the vault when there is none or it is too old. Throws SecretError. */
  async get(isFreshWanted: boolean): Promise<Secret> {
    this.isUsed = true;
    const now = this.#options.clock.now();
    if (this.#value !== undefined && now < servedUntil(this.#value, isFreshWanted)) return this.#value.secret;
    if (this.#failure !== undefined && now < this.#failure.until) return this.#staleOr(this.#failure.error);
    return await this.#refreshOnce();
  }

  /** The value lacks what a reference asks for: it is read again as soon as a failure would be. */
  distrust(): void {
    if (this.#value === undefined) return;
    const { readAt, freshUntil } = this.#value;
    const { negativeTtlMs } = this.#options.freshness;
    this.#value = { ...this.#value, freshUntil: Math.min(freshUntil, readAt + negativeTtlMs) };
  }

  /** No refresh in the background any more. */
  stop(): void {
    this.#cancelTimer?.();
  }

  async #refreshOnce(): Promise<Secret> {
    this.#flight ??= this.#refresh().finally(() => {
      this.#flight = undefined;
    });
    return await this.#flight;
  }

  async #refresh(): Promise<Secret> {
    try {
      return this.#keep(await this.#options.read(this.#options.closing));
    } catch (thrown) {
      if (this.#options.closing.aborted) throw thrown;
      return this.#fallBack(thrown as SecretError);
    }
  }

  #keep({ secret, ttlMs = this.#options.freshness.ttlMs }: VaultSecret): Secret {
    const readAt = this.#options.clock.now();
    const freshUntil = readAt + ttlMs - Math.min(MAX_LEAD_MS, ttlMs / 10);
    this.#value = { secret, readAt, ttlMs, freshUntil };
    this.#failure = undefined;
    this.isUsed = false;
    this.#options.onChange(secret);
    this.#wakeAt(freshUntil);
    return secret;
  }

  #fallBack(error: SecretError): Secret {
    const now = this.#options.clock.now();
    this.#failure = { error, until: now + this.#options.freshness.negativeTtlMs };
    const secret = this.#staleOr(error);
    if (this.#value !== undefined) {
      this.#options.onStale(error, now - this.#value.readAt);
      this.#wakeAt(Math.min(now + Math.min(this.#value.ttlMs, MAX_RETRY_MS), this.#goneAt(this.#value)));
    }
    return secret;
  }

  #staleOr(error: SecretError): Secret {
    if (this.#value !== undefined && this.#options.clock.now() < this.#goneAt(this.#value)) return this.#value.secret;
    this.#value = undefined;
    this.#options.onChange(undefined);
    throw error;
  }

  #goneAt({ readAt, ttlMs }: Value): number {
    return readAt + ttlMs + this.#options.freshness.resurrectTtlMs;
  }

  #wakeAt(time: number): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (time === Infinity) return;
    const { clock } = this.#options;
    this.#cancelTimer = clock.after(Math.min(time - clock.now(), MAX_TIMER_MS), () => {
      if (clock.now() < time) this.#wakeAt(time);
      else this.#wake();
    });
  }

  /** Refreshes what is in use; what is not is read again by who asks for it next. */
  #wake(): void {
    if (!this.isUsed) {
      this.#options.onChange(undefined);
      return;
    }
    this.isUsed = false;
    this.#refreshOnce().catch(() => {
      // Told by onStale while there is a value to serve; afterwards by `get`.
    });
  }
}

function servedUntil({ readAt, freshUntil }: Value, isFreshWanted: boolean): number {
  return isFreshWanted ? Math.min(freshUntil, readAt + MIN_AGE_MS) : freshUntil;
}
