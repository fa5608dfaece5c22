import { ConfigError } from "../core/errors.ts";
import { Secret } from "../core/secret.ts";
import { extractValue } from "./extract.ts";
import { isReference, parseReference } from "./reference.ts";
import { readVariable } from "./vaults/env.ts";

/**
 * A credential in a vault's own configuration: plain text, or a reference to the built-in env vault. Throws SecretError when the
 * variable does not hold it, ConfigError when the reference names another vault.
 */
export function ownSecret(
  text: string,
  field: string,
  environment: Readonly<Record<string, string | undefined>>,
): Secret {
  if (!isReference(text)) return new Secret(text);
  const reference = parseReference(text);
  if (reference.prefix === "env") return extractValue(readVariable(environment, reference), reference, false);
  const message = `${field} of a vault can come from an environment variable, but not from another vault in this version.`;
  const fix = "Write {vault://env/name-of-the-variable}.";
  throw new ConfigError(`${message} ${fix}`, [
    { severity: "error", code: "vault-in-vault", message, fix, path: `config.${field}` },
  ]);
}
