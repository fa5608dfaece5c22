import type { Diagnostic } from "../../core/diagnostics.ts";
import { SecretError } from "../../core/errors.ts";
import { Secret } from "../../core/secret.ts";
import type { Reference } from "../reference.ts";
import type { Vault, VaultDefinition } from "../vault.ts";

/** Kong's `env` vault (kong/vaults/env): a variable of the environment as it was when the vault was made. */
export const envVault: VaultDefinition = {
  name: "env",
  async create(config, { environment }) {
    return openEnvVault(typeof config["prefix"] === "string" ? config["prefix"] : "", { ...environment });
  },
};

/** Throws SecretError GW_SECRET_MISSING when the variable is not set; an empty one is a valid empty secret. */
export function readVariable(
  environment: Readonly<Record<string, string | undefined>>,
  reference: Reference,
  configuredPrefix = "",
): Secret {
  const name = variableName(reference, configuredPrefix);
  const value = environment[name];
  if (value === undefined) {
    throw new SecretError(
      "GW_SECRET_MISSING",
      `no value found: the environment variable ${name} is not set. Set it before gw starts.`,
      {
        vault: "env",
        variable: name,
      },
    );
  }
  return new Secret(value);
}

function openEnvVault(prefix: string, environment: Readonly<Record<string, string | undefined>>): Vault {
  return {
    name: "env",
    check: checkVersion,
    async read(reference, { signal }) {
      signal.throwIfAborted();
      return { secret: readVariable(environment, reference, prefix) };
    },
    async close() {},
  };
}

function variableName(reference: Reference, configuredPrefix: string): string {
  const prefix = reference.query["prefix"] ?? configuredPrefix;
  const name = `${prefix}${reference.resource}`.toUpperCase().replaceAll("-", "_");
  return reference.version === 2 ? `${name}_PREVIOUS` : name;
}

function checkVersion({ version }: Reference): Diagnostic[] {
  if (version === undefined || version === 1 || version === 2) return [];
  return [
    {
      severity: "warning",
      code: "vault-reference-version",
      message: `The env vault has no version ${version}: the reference reads the current value.`,
      fix: "Write no version for the current value, or #2 for the one in the variable that ends in _PREVIOUS.",
    },
  ];
}
