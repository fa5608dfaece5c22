import { Secret } from "../core/secret.ts";
import { isReference } from "./reference.ts";
import type { VaultServices } from "./vault.ts";

/** A credential in a vault's own configuration, which may be kept in another vault. */
export interface OwnSecret {
  /** Throws SecretError. */
  read(signal: AbortSignal): Promise<Secret>;
  /** As SecretLookup.renew: `refused` itself when there is no other. */
  renew(refused: Secret, signal: AbortSignal): Promise<Secret>;
}

/** `text` is the credential itself, or a reference to it. */
export function ownSecret(text: string, secrets: VaultServices["secrets"]): OwnSecret {
  if (isReference(text)) {
    return {
      read: async (signal) => await secrets.resolve(text, { signal }),
      renew: async (refused, signal) => await secrets.renew(text, refused, { signal }),
    };
  }
  const secret = new Secret(text);
  return { read: async () => secret, renew: async () => secret };
}
