import type { Diagnostic } from "../../../core/diagnostics.ts";
import { SecretError } from "../../../core/errors.ts";
import type { Reference } from "../../reference.ts";
import type { HcvSettings } from "./settings.ts";

/** Where a secret is read. Names are percent-encoded segment by segment. */
export interface HcvPath {
  readonly kv: "v1" | "v2";
  readonly mount: string;
  readonly resource: string;
  /** As Vault's policies name it, for requests of version 1 and for messages: `secret/data/openai`. */
  readonly full: string;
}

/** `mount` and `kv` of the reference's query win over the configured ones. Throws SecretError for a path that would lead elsewhere. */
export function pathOf(settings: HcvSettings, { resource, query }: Reference): HcvPath {
  const kv = query["kv"] === "v1" || query["kv"] === "v2" ? query["kv"] : settings.kv;
  const mount = query["mount"] ?? settings.mount;
  if (leavesItsPlace(mount) || leavesItsPlace(resource)) {
    const message = `reference url has invalid path, "." and ".." are not allowed in it, nor in mount: ${mount}/${resource}`;
    throw new SecretError("GW_SECRET_BAD_REFERENCE", message, { vault: "hcv" });
  }
  const path = { kv, mount: encode(mount), resource: encode(resource) };
  return { ...path, full: `${path.mount}${kv === "v2" ? "/data/" : "/"}${path.resource}` };
}

/** What a reference asks that this vault does not do; it is answered all the same. */
export function checkReference(settings: HcvSettings, reference: Reference): Diagnostic[] {
  const findings: Diagnostic[] = [];
  if (reference.key === undefined) {
    findings.push({
      severity: "warning",
      code: "vault-reference-no-key",
      message: "The reference names no key: its value is the whole secret as JSON.",
      fix: `Add the key: {vault://${reference.prefix}/${reference.resource}/key}.`,
    });
  }
  if (reference.version !== undefined && pathOf(settings, reference).kv === "v1") {
    findings.push({
      severity: "warning",
      code: "vault-reference-version",
      message: "The key-value engine of version 1 keeps no versions: the reference reads the current value.",
      fix: "Leave the version out, or set kv: v2 where the engine has version 2.",
    });
  }
  return findings;
}

/** No escape keeps a URL from being shortened at these. */
export function leavesItsPlace(path: string): boolean {
  return path.split("/").some((segment) => segment === "." || segment === "..");
}

function encode(path: string): string {
  return path
    .split("/")
    .filter((segment) => segment !== "")
    .map(encodeURIComponent)
    .join("/");
}
