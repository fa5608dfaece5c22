import type { Diagnostic } from "../../core/diagnostics.ts";
import type { SecretError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import type { Secret } from "../../core/secret.ts";
import type { SecretStatus } from "../../secrets/lookup.ts";

/** What `gw vault get` tells; the secret itself only where it was asked for. */
export interface FoundSecret {
  readonly status: SecretStatus | undefined;
  readonly secret: Secret;
  /** How long the vault took. */
  readonly ms: number;
  readonly warnings: readonly Diagnostic[];
}

export function foundSecretText({ status, ms, warnings }: FoundSecret): string {
  const version = status?.version === undefined ? "" : `, version ${status.version}`;
  const written = status?.writtenAt === undefined ? "" : `, written ${new Date(status.writtenAt).toISOString()}`;
  const resolved = `${status?.reference} resolves: vault ${status?.vault}${version}${written}, ${Math.round(ms)} ms\n`;
  return resolved + warnings.map(({ message, fix = "" }) => `warning: ${`${message} ${fix}`.trimEnd()}\n`).join("");
}

export function foundSecretJson({ status, ms, warnings }: FoundSecret): JsonObject {
  return {
    schema_version: 1,
    reference: status?.reference ?? null,
    resolved: true,
    vault: status?.vault ?? null,
    version: status?.version ?? null,
    written_at: status?.writtenAt === undefined ? null : new Date(status.writtenAt).toISOString(),
    ms: Math.round(ms * 10) / 10,
    warnings: warnings.map(({ message }) => message),
    error: null,
  };
}

export function missingSecretJson(reference: string, { code, message }: SecretError): JsonObject {
  return { schema_version: 1, reference, resolved: false, error: { code, message } };
}
