import { systemClock } from "../../src/core/clock.ts";
import { createSecretLookup } from "../../src/secrets/secret-lookup.ts";
import type { VaultServices } from "../../src/secrets/vault.ts";
import { envVault } from "../../src/secrets/vaults/env.ts";

/** What a vault may use, with a vault of the given environment for its own references. */
export function vaultServices(given: Partial<Omit<VaultServices, "secrets">> = {}): VaultServices {
  const services = { environment: {}, notify: () => {}, clock: systemClock, random: () => 0, ...given };
  return { ...services, secrets: createSecretLookup([], new Map([[envVault.name, envVault]]), services) };
}
