import { createHash } from "node:crypto";
import type { Secret } from "../core/secret.ts";
import type { SecretLookup } from "../secrets/lookup.ts";
import type { ApiKey } from "./plugin.ts";

/** What stands for a key in memory and in comparisons: nothing can be learned of a key from the time that finding its digest takes. */
export function digestOf(key: string): string {
  return createHash("sha256").update(key).digest("base64");
}

/** Finds who has a key, by its digest. Keys in vaults are as the vault has them now. */
export class KeyTable {
  readonly #byDigest = new Map<string, ApiKey>();
  readonly #inVaults: VaultKey[] = [];
  readonly #secrets: SecretLookup;

  constructor(keys: readonly ApiKey[], secrets: SecretLookup) {
    this.#secrets = secrets;
    for (const key of keys) {
      if (key.reference === undefined) this.#byDigest.set(key.digest, key);
      else this.#inVaults.push({ key, reference: key.reference, secret: undefined, digest: "" });
    }
  }

  find(key: string): ApiKey | undefined {
    const digest = digestOf(key);
    const found = this.#byDigest.get(digest);
    if (found !== undefined) return found;
    return this.#inVaults.find((each) => this.#digestNow(each) === digest)?.key;
  }

  /** Empty, which no digest is, for a key that has not been read. */
  #digestNow(each: VaultKey): string {
    const secret = this.#secrets.peek(each.reference);
    if (secret !== each.secret) {
      each.secret = secret;
      each.digest = secret === undefined ? "" : digestOf(secret.reveal());
    }
    return each.digest;
  }
}

interface VaultKey {
  readonly key: ApiKey;
  readonly reference: string;
  /** From which `digest` was made. */
  secret: Secret | undefined;
  digest: string;
}
