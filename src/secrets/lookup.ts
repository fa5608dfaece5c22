import type { Secret } from "../core/secret.ts";

/** Resolves references through the configured vaults: cached, one flight a reference, refreshed in the background. */
export interface SecretLookup {
  /** The cached value, at once; undefined when the reference has not been resolved yet. For the request path. */
  peek(reference: string): Secret | undefined;
  /**
   * Throws SecretError. A stale value is served while its vault is away (resurrect_ttl). With `fresh` the vault is asked even if a
   * value is cached, unless it was in the last five seconds: for a provider that refuses the key.
   */
  resolve(reference: string, options: { readonly signal: AbortSignal; readonly fresh?: boolean }): Promise<Secret>;
  close(): Promise<void>;
}
