import type { Clock } from "../core/clock.ts";
import type { SecretError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import { retryDelayMs } from "./backoff.ts";
import type { Freshness } from "./freshness.ts";
import { startTimer } from "./timer.ts";
import type { VaultSecret } from "./vault.ts";

/** Between two reads that were asked for by a refused key, in milliseconds. */
const REREAD_PAUSE_MS = 1_000;

export interface SourceOptions {
  readonly freshness: Freshness;
  readonly clock: Clock;
  /** 0…1, spreads the refreshes of secrets that were read together. */
  readonly random: () => number;
  /** Aborted when the lookup closes. */
  readonly closing: AbortSignal;
  /** A value that the lookup of the configuration before this one has read. */
  readonly inherited: SourceValue | undefined;
  /** Asks the vault. Throws SecretError. */
  read(signal: AbortSignal): Promise<VaultSecret>;
  /** The value to serve from now on: after each read, the same object when it is the same; undefined when there is none any more. */
  onValue(secret: Secret | undefined): void;
  /** A refresh failed, and `value` is served instead. */
  onStale(error: SecretError, value: SourceValue): void;
}

/** What a vault answered, and when. Times in milliseconds since the epoch. */
export interface SourceValue {
  readonly secret: Secret;
  readonly version: number | undefined;
  readonly writtenAt: number | undefined;
  readonly readAt: number;
  readonly ttlMs: number;
}

/** One secret of one vault: its value, how fresh that is, and the one request that may be under way for it. */
export class SecretSource {
  readonly #options: SourceOptions;
  #value: SourceValue | undefined;
  /** When a new value is to be read. */
  #freshUntil = 0;
  #failure: { readonly error: SecretError; readonly until: number; readonly count: number } | undefined;
  #hadValue = false;
  /** Reads in a row of the same value that lacked something. */
  #lacks = 0;
  #flight: Promise<Secret> | undefined;
  #reread: Promise<void> | undefined;
  #rereadAt = -Infinity;
  #cancelTimer: () => void = () => {};

  constructor(options: SourceOptions) {
    this.#options = options;
    if (options.inherited !== undefined) this.#adopt(options.inherited);
  }

  get value(): SourceValue | undefined {
    return this.#value;
  }

  get hadValue(): boolean {
    return this.#hadValue;
  }

  /** Of the last read, when that failed. */
  get error(): SecretError | undefined {
    return this.#failure?.error;
  }

  /** The value, read from the vault when there is none or it is too old. Throws SecretError. */
  async get(): Promise<Secret> {
    const now = this.#options.clock.now();
    if (this.#value !== undefined && now < this.#freshUntil) return this.#value.secret;
    if (this.#failure !== undefined && now < this.#failure.until) return this.#staleOr(this.#failure.error);
    return await this.#refreshOnce();
  }

  /** Settles when a read that begins from now on has been answered or has failed; rejects never. At most one a second. */
  async reread(): Promise<void> {
    this.#reread ??= this.#startReread();
    await this.#reread;
  }

  /** The value just read lacks what a reference asks for: it is read again as soon as a failure would be. */
  distrust(): void {
    if (this.#value === undefined) return;
    const { readAt } = this.#value;
    const { negativeTtlMs } = this.#options.freshness;
    this.#lacks += 1;
    this.#freshUntil = Math.min(this.#freshUntil, readAt + negativeTtlMs);
    const retryAt = readAt + Math.max(negativeTtlMs, retryDelayMs(this.#lacks, this.#options.random()));
    this.#wakeAt(Math.max(this.#freshUntil, retryAt));
  }

  /** No refresh in the background any more. */
  stop(): void {
    this.#cancelTimer();
  }

  async #startReread(): Promise<void> {
    const { clock } = this.#options;
    const pause = this.#rereadAt + REREAD_PAUSE_MS - clock.now();
    if (pause > 0) await new Promise<void>((resolve) => clock.after(pause, resolve));
    // A read that is under way may have been answered before the value was replaced.
    await this.#flight?.catch(() => {});
    this.#reread = undefined;
    this.#rereadAt = clock.now();
    await this.#refreshOnce().catch(() => {});
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

  #keep({ secret: read, ttlMs = this.#options.freshness.ttlMs, version, writtenAt }: VaultSecret): Secret {
    const before = this.#value?.secret;
    const secret = before !== undefined && before.reveal() === read.reveal() ? before : read;
    if (secret !== before) this.#lacks = 0;
    this.#failure = undefined;
    this.#adopt({ secret, version, writtenAt, ttlMs, readAt: this.#options.clock.now() });
    this.#options.onValue(secret);
    return secret;
  }

  /** The refresh comes when 80 to 90 % of the ttl have passed. */
  #adopt(value: SourceValue): void {
    this.#value = value;
    this.#hadValue = true;
    this.#freshUntil = value.readAt + value.ttlMs * (0.9 - this.#options.random() / 10);
    this.#wakeAt(this.#freshUntil);
  }

  #fallBack(error: SecretError): Secret {
    const now = this.#options.clock.now();
    const count = (this.#failure?.count ?? 0) + 1;
    const until = now + this.#options.freshness.negativeTtlMs;
    this.#failure = { error, until, count };
    const retryAt = Math.max(until, now + retryDelayMs(count, this.#options.random()));
    if (this.#value === undefined || now >= this.#goneAt(this.#value)) this.#wakeAt(retryAt);
    else {
      this.#options.onStale(error, this.#value);
      this.#wakeAt(Math.min(retryAt, this.#goneAt(this.#value)));
    }
    return this.#staleOr(error);
  }

  #staleOr(error: SecretError): Secret {
    if (this.#value !== undefined && this.#options.clock.now() < this.#goneAt(this.#value)) return this.#value.secret;
    this.#value = undefined;
    this.#options.onValue(undefined);
    throw error;
  }

  #goneAt({ readAt, ttlMs }: SourceValue): number {
    return readAt + ttlMs + this.#options.freshness.resurrectTtlMs;
  }

  #wakeAt(time: number): void {
    this.#cancelTimer();
    if (this.#options.closing.aborted) return;
    this.#cancelTimer = startTimer(this.#options.clock, time, () => {
      this.#refreshOnce().catch(() => {
        // Told by onStale while there is a value to serve; afterwards by `get`, and by whoever looks at `error`.
      });
    });
  }
}
