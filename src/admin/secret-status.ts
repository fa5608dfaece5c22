import type { JsonObject } from "../core/json.ts";
import type { SecretStatus } from "../secrets/lookup.ts";

/** As /status shows a secret: durations in whole seconds, times as ISO 8601; never the value. */
export function secretStatusJson(status: SecretStatus): JsonObject {
  const { reference, vault, state, ageMs, version, writtenAt, expiresInMs, staleMs, error } = status;
  return {
    reference,
    vault,
    state,
    age_s: toSeconds(ageMs),
    version: version ?? null,
    written_at: writtenAt === undefined ? null : new Date(writtenAt).toISOString(),
    expires_in_s: toSeconds(expiresInMs),
    stale_s: toSeconds(staleMs),
    last_error: error === undefined ? null : { code: error.code, message: error.message },
  };
}

/** A line for each secret that has never been read. */
export function unresolvedProblems(statuses: readonly SecretStatus[]): readonly string[] {
  return statuses
    .filter(({ state }) => state === "unresolved")
    .map(({ reference, error }) => `${reference} is not resolved: ${error?.message ?? "its vault is being asked."}`);
}

function toSeconds(ms: number | undefined): number | null {
  return ms === undefined ? null : Math.floor(ms / 1000);
}
