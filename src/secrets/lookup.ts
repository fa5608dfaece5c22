import type { Diagnostic } from "../core/diagnostics.ts";
import type { Secret } from "../core/secret.ts";

/** Resolves references through the configured vaults: cached, one flight a secret, refreshed in the background. */
export interface SecretLookup {
  /** The cached value, at once; undefined when there is none. The same object as long as the value is the same. For the request path. */
  peek(reference: string): Secret | undefined;
  /** Throws SecretError. A stale value is served while its vault is away (resurrect_ttl). */
  resolve(reference: string, options: { readonly signal: AbortSignal }): Promise<Secret>;
  /**
   * For a provider that refuses the key: the value that replaces `refused`. At once when it has changed since; else as soon as it does,
   * or when a read that began after the call has been answered. There is one such read a second, which all callers in between share.
   * Answers `refused` itself when the vault has no other value or is away. Rejects with the reason of the signal only.
   */
  renew(reference: string, refused: Secret, options: { readonly signal: AbortSignal }): Promise<Secret>;
}

/** The lookup of one configuration, as `gw serve` runs it. */
export interface ServedSecrets extends SecretLookup {
  /** Tries each reference once, and goes on in the background with those that failed. Settles after the first tries; rejects never. */
  want(references: readonly string[]): Promise<void>;
  /** Every reference that was asked for, in that order. */
  status(): readonly SecretStatus[];
  /** What the vault of the reference has to say of it. Throws SecretError when there is no such vault, or it cannot be opened. */
  check(reference: string): Promise<readonly Diagnostic[]>;
  /** Whether the vault of the prefix is there and lets gw in, in a few words; undefined where there is nothing to ask. Throws SecretError. */
  probe(prefix: string, options: { readonly signal: AbortSignal }): Promise<string | undefined>;
  close(): Promise<void>;
}

/** What is known of a reference; never its value. Times in milliseconds. */
export interface SecretStatus {
  readonly reference: string;
  /** Prefix of its vault. */
  readonly vault: string;
  /** `unresolved` has never had a value, `lost` has none any more; `stale` could not be refreshed. */
  readonly state: "unresolved" | "fresh" | "stale" | "lost";
  /** Since the vault was read. */
  readonly ageMs: number | undefined;
  readonly version: number | undefined;
  /** When the vault says that the value was written, since the epoch. */
  readonly writtenAt: number | undefined;
  /** Until the end of the ttl, negative after it; undefined for a value that is kept for good. */
  readonly expiresInMs: number | undefined;
  /** How long the value that is served has been past its ttl, 0 within it; undefined when none is served. */
  readonly staleMs: number | undefined;
  /** Of the last read, when that failed. */
  readonly error: { readonly code: string; readonly message: string } | undefined;
}
