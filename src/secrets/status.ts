import type { SecretError } from "../core/errors.ts";
import type { SecretStatus } from "./lookup.ts";
import { parseReference } from "./reference.ts";
import type { SecretSource } from "./source.ts";

/** What is known of a reference at `now` (milliseconds since the epoch); `error` is what keeps it from being read. */
export function statusOf(
  reference: string,
  source: SecretSource | undefined,
  error: SecretError | undefined,
  now: number,
): SecretStatus {
  const value = source?.value;
  const expiresAt = value === undefined ? Infinity : value.readAt + value.ttlMs;
  return {
    reference,
    vault: prefixOf(reference),
    state: stateOf(source, error),
    ageMs: value === undefined ? undefined : now - value.readAt,
    version: value?.version,
    writtenAt: value?.writtenAt,
    expiresInMs: expiresAt === Infinity ? undefined : expiresAt - now,
    staleMs: value === undefined ? undefined : Math.max(0, now - expiresAt),
    error: error === undefined ? undefined : { code: error.code, message: error.message },
  };
}

function stateOf(source: SecretSource | undefined, error: SecretError | undefined): SecretStatus["state"] {
  if (source?.value !== undefined && error === undefined) return "fresh";
  if (source?.value !== undefined && source.error !== undefined) return "stale";
  return source?.hadValue === true && source.error !== undefined ? "lost" : "unresolved";
}

function prefixOf(reference: string): string {
  try {
    return parseReference(reference).prefix;
  } catch {
    return "";
  }
}
