import type { Secret } from "../core/secret.ts";

/** Resolves references through the configured vaults: cached, one flight a reference, refreshed in the background. */
export interface SecretLookup {
  /** The cached value, at once; undefined when the reference has not been resolved yet. For the request path. */
  peek(reference: string): Secret | undefined;
  /** Throws SecretError. A stale value is served while its vault is away (resurrect_ttl). */
  resolve(reference: string, options: { readonly signal: AbortSignal }): Promise<Secret>;
  close(): Promise<void>;
}
