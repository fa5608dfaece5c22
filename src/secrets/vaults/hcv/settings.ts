import { X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isJsonObject, type JsonObject } from "../../../core/json.ts";
import { ownSecret } from "../../own-secret.ts";
import type { VaultServices } from "../../vault.ts";
import { textOf, unusable } from "./fields.ts";
import { type HcvLogin, readLogin } from "./logins.ts";

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
  /** The name that Vault's certificate has to have, when it is not the host's; from `gw.server_name`. */
  readonly serverName: string | undefined;
}

/** Throws ConfigError naming the field, SecretError when the address is a reference that cannot be resolved. */
export async function readSettings(
  config: JsonObject,
  secrets: VaultServices["secrets"],
  signal: AbortSignal,
): Promise<HcvSettings> {
  const own = isJsonObject(config["gw"]) ? config["gw"] : {};
  return {
    origin: await readOrigin(config, secrets, signal),
    namespace: textOf(config, "namespace"),
    mount: textOf(config, "mount") ?? "secret",
    kv: textOf(config, "kv") === "v2" ? "v2" : "v1",
    login: readLogin(config, secrets),
    isVerified: config["ssl_verify"] !== false && config["ssl_verify"] !== "off",
    authority: await readAuthority(textOf(own, "ca_file")),
    serverName: textOf(own, "server_name"),
  };
}

async function readOrigin(config: JsonObject, secrets: VaultServices["secrets"], signal: AbortSignal): Promise<string> {
  const protocol = textOf(config, "protocol") ?? "http";
  const [host, port] = await Promise.all(
    [textOf(config, "host") ?? "127.0.0.1", portOf(config)].map(
      async (text) => await ownSecret(text, secrets).read(signal),
    ),
  );
  const name = host?.reveal() ?? "";
  const origin = `${protocol}://${name.includes(":") ? `[${name}]` : name}:${port?.reveal()}`;
  if (URL.canParse(origin)) return origin;
  throw unusable("host", `${origin} is no address`, "Correct host and port.");
}

function portOf({ port }: JsonObject): string {
  return typeof port === "number" || typeof port === "string" ? String(port) : "8200";
}

async function readAuthority(file: string | undefined): Promise<string | undefined> {
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
