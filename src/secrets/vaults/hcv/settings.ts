import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { ConfigError } from "../../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import type { Secret } from "../../../core/secret.ts";
import { ownSecret } from "../../own-secret.ts";
import type { VaultServices } from "../../vault.ts";

export type HcvLogin =
  | { readonly method: "token"; readonly token: Secret }
  | {
      readonly method: "approle";
      readonly mount: string;
      readonly roleId: Secret;
      readonly secretId: Secret | FilePath;
    };

/** A file whose trimmed text is the secret; read at each login, so that it can be rotated. */
export interface FilePath {
  readonly file: string;
}

/** Kong's `hcv` configuration with its defaults. */
export interface HcvSettings {
  /** `http://127.0.0.1:8200`. */
  readonly origin: string;
  readonly namespace: string | undefined;
  readonly mount: string;
  readonly kv: "v1" | "v2";
  readonly login: HcvLogin;
  /** Whether Vault's certificate is checked. */
  readonly isVerified: boolean;
  /** PEM, in place of what Node trusts; from `gw.ca_file`, because Kong's trust store is no field of the vault. */
  readonly authority: string | undefined;
}

/** Throws ConfigError naming the field, SecretError when an environment variable that holds a credential is not set. */
export async function readSettings(
  config: JsonObject,
  environment: VaultServices["environment"],
): Promise<HcvSettings> {
  return {
    origin: readOrigin(config, environment),
    namespace: textOf(config, "namespace"),
    mount: textOf(config, "mount") ?? "secret",
    kv: textOf(config, "kv") === "v2" ? "v2" : "v1",
    login: readLogin(config, environment),
    isVerified: config["ssl_verify"] !== false && config["ssl_verify"] !== "off",
    authority: await readAuthority(config),
  };
}

function readOrigin(config: JsonObject, environment: VaultServices["environment"]): string {
  const protocol = textOf(config, "protocol") ?? "http";
  const host = ownSecret(textOf(config, "host") ?? "127.0.0.1", "host", environment).reveal();
  const port = ownSecret(String(portOf(config)), "port", environment).reveal();
  const origin = `${protocol}://${host.includes(":") ? `[${host}]` : host}:${port}`;
  if (URL.canParse(origin)) return origin;
  throw unusable("host", `${origin} is no address`, "Correct host and port.");
}

function portOf({ port }: JsonObject): number | string {
  return typeof port === "number" || typeof port === "string" ? port : 8200;
}

function readLogin(config: JsonObject, environment: VaultServices["environment"]): HcvLogin {
  const method = textOf(config, "auth_method") ?? "token";
  if (method === "token") return { method, token: credential(config, "token", environment) };
  if (method !== "approle") {
    throw unusable("auth_method", `the login method "${method}" is not in this version`, "Use token or approle.");
  }
  if (config["approle_response_wrapping"] === true) {
    const fix = "Give the secret id itself, or a file that holds it.";
    throw unusable("approle_response_wrapping", "wrapped secret ids are not in this version", fix);
  }
  const file = textOf(config, "approle_secret_id_file");
  return {
    method,
    mount: `auth/${textOf(config, "approle_auth_path") ?? "approle"}`,
    roleId: credential(config, "approle_role_id", environment),
    secretId: file === undefined ? credential(config, "approle_secret_id", environment) : { file },
  };
}

function credential(config: JsonObject, field: string, environment: VaultServices["environment"]): Secret {
  const text = textOf(config, field);
  if (text === undefined) throw unusable(field, "it is missing, and the login needs it", "Set it.");
  const secret = ownSecret(text, field, environment);
  if (secret.reveal() === "") throw unusable(field, "it is empty, and the login needs it", "Set it.");
  return secret;
}

async function readAuthority(config: JsonObject): Promise<string | undefined> {
  const file = isJsonObject(config["gw"]) ? textOf(config["gw"], "ca_file") : undefined;
  if (file === undefined) return undefined;
  try {
    const pem = await readFile(file, "utf8");
    const certificates = pem.match(/-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----/gs) ?? [""];
    // Each is read here, because Node passes over those that it cannot read.
    return certificates.map((certificate) => new X509Certificate(certificate).toString()).join("");
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? "no certificates";
    throw unusable("gw.ca_file", `${file} cannot be used (${code})`, "Name a readable PEM file with certificates.");
  }
}

function textOf(config: JsonObject, field: string): string | undefined {
  const value = config[field];
  return typeof value === "string" && value !== "" ? value : undefined;
}

function unusable(field: string, problem: string, fix: string): ConfigError {
  const message = `The hcv vault cannot be used: ${field}: ${problem}.`;
  return new ConfigError(`${message} ${fix}`, [
    { severity: "error", code: "vault-config", message, fix, path: `config.${field}` },
  ]);
}
