import type { Clock } from "../core/clock.ts";
import type { Diagnostic } from "../core/diagnostics.ts";
import type { JsonObject } from "../core/json.ts";
import type { Notify } from "../core/notice.ts";
import type { Secret } from "../core/secret.ts";
import type { SecretLookup } from "./lookup.ts";
import type { Reference } from "./reference.ts";

/** What a vault answers for one resource: the whole secret, before the reference's key is looked up in it. */
export interface VaultSecret {
  /** Plain text, or the JSON object of a key-value secret as text. */
  readonly secret: Secret;
  /** How long the vault says the value holds, in milliseconds. */
  readonly ttlMs?: number;
  readonly version?: number;
  /** When the value was written, in milliseconds since the epoch. */
  readonly writtenAt?: number;
}

/** One configured vault. Every entry of the catalogue passes test/contract/vault.contract.ts. */
export interface Vault {
  readonly name: string;
  /** What is wrong with the reference as far as it can be told without a network. */
  check(reference: Reference): readonly Diagnostic[];
  /** Throws SecretError: missing, denied or unreachable; never with a vendor error as its cause. */
  read(reference: Reference, options: { readonly signal: AbortSignal }): Promise<VaultSecret>;
  /** Whether it is there and lets gw in, in a few words: `logged in by AppRole`. Throws SecretError. Absent where there is nothing to ask. */
  probe?(options: { readonly signal: AbortSignal }): Promise<string>;
  close(): Promise<void>;
}

export interface VaultServices {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly notify: Notify;
  readonly clock: Clock;
  /** 0…1, spreads what several gateways do at the same intervals. */
  readonly random: () => number;
  /** For references in the vault's own configuration. */
  readonly secrets: Pick<SecretLookup, "resolve" | "renew">;
}

export interface VaultDefinition {
  /** The `name` of the vault entity: `env`, `hcv`, `file`. */
  readonly name: string;
  /** Throws ConfigError when the entity's `config` cannot be used; the schema in schemas/vaults/ has been checked before. */
  create(config: JsonObject, services: VaultServices): Promise<Vault>;
}
