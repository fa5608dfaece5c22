import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { Finding } from "../draft.ts";
import type { Vault } from "../types.ts";
import { error } from "./finding.ts";

/** Kong's kinds of vaults: in a reference a kind wins over a prefix, so none can be a prefix. */
const KINDS: ReadonlySet<string> = new Set(["env", "hcv", "aws", "gcp", "azure", "conjur", "konnect", "fs"]);

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

function checkLogin(config: JsonObject): readonly Finding[] {
  const method = typeof config["auth_method"] === "string" ? config["auth_method"] : "";
  const needs = (keys: readonly string[]): readonly Finding[] => {
    if (keys.some((key) => config[key] !== undefined)) return [];
    const message = `auth_method ${method} needs config.${keys.join(" or config.")}.`;
    return [
      error(
        "vault-login",
        message,
        ["config", keys[0] ?? ""],
        `Give it as \${{ env "DECK_VAULT_${keys[0]?.toUpperCase()}" }}.`,
      ),
    ];
  };
  if (method === "token") return needs(["token"]);
  if (method === "approle")
    return [...needs(["approle_role_id"]), ...needs(["approle_secret_id", "approle_secret_id_file"])];
  return [
    error(
      "not-supported",
      `auth_method ${method} is not supported by this version.`,
      ["config", "auth_method"],
      "Use token or approle.",
    ),
  ];
}

/** What references may name: the prefixes of configured vaults, and `env`, which needs no entity. */
export function vaultPrefixes(vaults: readonly JsonObject[]): ReadonlySet<string> {
  return new Set(["env", ...vaults.flatMap(({ prefix }) => (typeof prefix === "string" ? [prefix] : []))]);
}

/** Prefixes of vaults that read the environment: the only ones that a vault's own config may refer to. */
export function environmentPrefixes(vaults: readonly JsonObject[]): ReadonlySet<string> {
  return vaultPrefixes(vaults.filter((vault) => isJsonObject(vault) && vault["name"] === "env"));
}
