import { readFile } from "node:fs/promises";
import { ConfigError, SecretError } from "../../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import { Secret } from "../../../core/secret.ts";
import { type OwnSecret, ownSecret } from "../../own-secret.ts";
import type { VaultServices } from "../../vault.ts";

export function textOf(config: JsonObject, field: string): string | undefined {
  const value = config[field];
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** gw's own fields of the vault, which Kong does not know. */
export function gwOf(config: JsonObject): JsonObject {
  return isJsonObject(config["gw"]) ? config["gw"] : {};
}

export function unusable(field: string, problem: string, fix: string): ConfigError {
  const message = `The hcv vault cannot be used: ${field}: ${problem}.`;
  return new ConfigError(`${message} ${fix}`, [
    { severity: "error", code: "vault-config", message, fix, path: `config.${field}` },
  ]);
}

/** A field that the login cannot do without. Throws ConfigError. */
export function needed(config: JsonObject, field: string, shown = field): string {
  const text = textOf(config, field);
  if (text === undefined) throw unusable(shown, "it is missing, and the login needs it", "Set it.");
  return text;
}

/** A credential that the login cannot do without. Throws ConfigError when the field is not there. */
export function neededSecret(
  config: JsonObject,
  field: string,
  secrets: VaultServices["secrets"],
  shown = field,
): OwnSecret {
  const secret = ownSecret(needed(config, field, shown), secrets);
  const notEmpty = (value: Secret): Secret => {
    if (value.reveal() !== "") return value;
    throw new SecretError(
      "GW_SECRET_MISSING",
      `The hcv vault cannot log in: ${shown} is empty. Set what it refers to.`,
      { vault: "hcv" },
    );
  };
  return {
    read: async (signal) => notEmpty(await secret.read(signal)),
    renew: async (refused, signal) => notEmpty(await secret.renew(refused, signal)),
  };
}

/** The trimmed text of a file that holds a credential, read anew each time so that it can be rotated. */
export function secretFile(file: string, field: string): OwnSecret {
  const read = async (): Promise<Secret> => {
    try {
      return new Secret((await readFile(file, "utf8")).trim());
    } catch (thrown) {
      const code = (thrown as NodeJS.ErrnoException).code ?? "unreadable";
      const message = `no value found: ${field} ${file} cannot be read (${code}). Make it readable for gw.`;
      throw new SecretError("GW_SECRET_MISSING", message, { vault: "hcv", code });
    }
  };
  return { read, renew: read };
}
