import type { Secret } from "../core/secret.ts";
import type { SecretLookup } from "../secrets/lookup.ts";
import { type OwnSecret, ownSecret } from "../secrets/own-secret.ts";

/** What an identity is proved with: texts of a configuration, each of which may be a reference to a secret. */
export class Material {
  readonly #secrets: Pick<SecretLookup, "resolve" | "renew">;
  readonly #read = new Map<string, { readonly own: OwnSecret; secret: Secret }>();

  constructor(secrets: Pick<SecretLookup, "resolve" | "renew">) {
    this.#secrets = secrets;
  }

  /** Throws SecretError. */
  async read(text: string, signal: AbortSignal): Promise<string> {
    const own = this.#read.get(text)?.own ?? ownSecret(text, this.#secrets);
    const secret = await own.read(signal);
    this.#read.set(text, { own, secret });
    return secret.reveal();
  }

  /** Asks the vaults for other values of all that was read; rejects never. */
  async renew(signal: AbortSignal): Promise<void> {
    const renewals = [...this.#read.values()].map(async (entry) => {
      entry.secret = await entry.own.renew(entry.secret, signal);
    });
    await Promise.allSettled(renewals);
  }
}
