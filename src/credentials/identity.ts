import type { Clock } from "../core/clock.ts";
import type { SecretError } from "../core/errors.ts";
import type { Secret } from "../core/secret.ts";
import { SecretSource, type SourceValue } from "../secrets/source.ts";
import type { Material } from "./material.ts";

/** What a cloud issued, and how long it holds from now on: Infinity for good. */
export interface Issued {
  readonly secret: Secret;
  readonly ttlMs: number;
}

/** Who gw is for a cloud: its token or keys, fetched when first asked for, kept, and renewed before they expire. */
export interface CloudIdentity {
  /** At once; undefined while there is none that holds. The same object as long as the value is the same. */
  peek(): Secret | undefined;
  /** Throws SecretError. Callers share one request. */
  resolve(): Promise<Secret>;
  /** For a provider that refuses the value: another one, or `refused` itself when there is none. Rejects never. */
  renew(refused: Secret): Promise<Secret>;
}

export interface IdentityOptions {
  readonly clock: Clock;
  readonly random: () => number;
  /** Aborted when nobody asks any more. */
  readonly closing: AbortSignal;
  /** Of the same identity before a reload. */
  readonly inherited: SourceValue | undefined;
  readonly material: Material;
  /** Asks the cloud. Throws SecretError. */
  fetch(signal: AbortSignal): Promise<Issued>;
  /** A renewal failed; what is there still holds. */
  onStale(error: SecretError): void;
}

/** How long a failure is remembered, in milliseconds: a cloud that is away is not asked by every request. */
const FAILURE_MS = 1_000;

export class RenewedIdentity implements CloudIdentity {
  readonly #options: IdentityOptions;
  readonly #source: SecretSource;

  constructor(options: IdentityOptions) {
    const { clock, random, closing, inherited } = options;
    this.#options = options;
    this.#source = new SecretSource({
      clock,
      random,
      closing,
      inherited,
      // What has expired is of no use.
      freshness: { ttlMs: Infinity, negativeTtlMs: FAILURE_MS, resurrectTtlMs: 0 },
      read: async (signal) => await options.fetch(signal),
      onValue() {},
      onStale: (error) => options.onStale(error),
    });
  }

  /** For the identity that follows in a reload. */
  get value(): SourceValue | undefined {
    return this.#source.value;
  }

  peek(): Secret | undefined {
    const { value } = this;
    return value !== undefined && this.#options.clock.now() < value.readAt + value.ttlMs ? value.secret : undefined;
  }

  async resolve(): Promise<Secret> {
    return await this.#source.get();
  }

  async renew(refused: Secret): Promise<Secret> {
    if (this.peek() === refused) {
      await this.#options.material.renew(this.#options.closing);
      await this.#source.reread();
    }
    return this.peek() ?? refused;
  }

  stop(): void {
    this.#source.stop();
  }
}
