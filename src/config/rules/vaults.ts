import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { findVaultCycle } from "../../secrets/vault-cycle.ts";
import type { Finding } from "../draft.ts";
import type { Vault } from "../types.ts";
import { error } from "./finding.ts";

/** Kong's kinds of vaults: in a reference a kind wins over a prefix, so none can be a prefix. */
const KINDS: ReadonlySet<string> = new Set(["env", "hcv", "aws", "gcp", "azure", "conjur", "konnect", "fs", "file"]);

export function checkVault({ name, prefix, config }: Vault): readonly Finding[] {
  const findings: Finding[] = [];
  if (KINDS.has(prefix)) {
    findings.push(
      error(
        "vault-prefix",
        `the prefix "${prefix}" is the name of a kind of vault.`,
        ["prefix"],
        `Choose another, for example "my-${prefix}".`,
      ),
    );
  }
  return name === "hcv" ? [...findings, ...checkLogin(config)] : findings;
}

/** What a login needs: one of each list. */
const loginFields: Readonly<Record<string, readonly (readonly string[])[]>> = {
  token: [["token"]],
  approle: [["approle_role_id"], ["approle_secret_id", "approle_secret_id_file"]],
  kubernetes: [["kube_role"]],
  jwt: [
    ["jwt_role", "oauth2_role_name"],
    ["gw.jwt_file", "gw.jwt", "oauth2_token_endpoint"],
  ],
  cert: [["cert_auth_cert"], ["cert_auth_cert_key"]],
  userpass: [["gw.username"], ["gw.password"]],
  ldap: [["gw.username"], ["gw.password"]],
};

function checkLogin(config: JsonObject): readonly Finding[] {
  const method = typeof config["auth_method"] === "string" ? config["auth_method"] : "";
  const needed = Object.hasOwn(loginFields, method) ? loginFields[method] : undefined;
  if (needed === undefined) {
    const message = `auth_method ${method} is not supported by this version.`;
    return [error("not-supported", message, ["config", "auth_method"], `Use ${Object.keys(loginFields).join(", ")}.`)];
  }
  const missing = needed.filter((fields) => fields.every((field) => !hasField(config, field)));
  const findings = missing.map((fields) => missingField(method, fields));
  if (method !== "cert" || config["protocol"] === "https") return findings;
  const message = "auth_method cert needs TLS: a certificate is shown only there.";
  return [...findings, error("vault-login", message, ["config", "protocol"], "Set protocol: https.")];
}

function hasField(config: JsonObject, field: string): boolean {
  const [first = "", second] = field.split(".");
  const value = config[first];
  return second === undefined ? value !== undefined : isJsonObject(value) && value[second] !== undefined;
}

function missingField(method: string, fields: readonly string[]): Finding {
  const [first = ""] = fields;
  const name = first.replace(/^gw\./, "").toUpperCase();
  return error(
    "vault-login",
    `auth_method ${method} needs config.${fields.join(" or config.")}.`,
    ["config", ...first.split(".")],
    `Give it as \${{ env "DECK_VAULT_${name}" }}.`,
  );
}

/** A vault whose own credential is kept in a vault that needs this one in turn: neither can be opened. */
export function checkVaultCycle(prefix: string, vaults: readonly JsonObject[]): readonly Finding[] {
  const nodes = vaults.flatMap((vault) =>
    typeof vault["prefix"] === "string" ? [{ prefix: vault["prefix"], config: vault["config"] }] : [],
  );
  const cycle = findVaultCycle(prefix, nodes);
  if (cycle === undefined) return [];
  const way = cycle.map((name) => `"${name}"`).join(" needs ");
  const fix = "Keep one of their credentials elsewhere, such as in the environment.";
  return [error("vault-cycle", `the vault ${way}: none can be opened first.`, ["config"], fix)];
}

/** What references may name: the prefixes of configured vaults, and `env`, which needs no entity. */
export function vaultPrefixes(vaults: readonly JsonObject[]): ReadonlySet<string> {
  return new Set(["env", ...vaults.flatMap(({ prefix }) => (typeof prefix === "string" ? [prefix] : []))]);
}
