import type { SecretStatus } from "../secrets/lookup.ts";
import { secretStatusJson } from "./secret-status.ts";

/** How the gateway is. */
export interface StatusFacts {
  readonly version: string;
  /** Of the configuration that is served; undefined when it came from files. */
  readonly serial: number | undefined;
  readonly routes: number;
  readonly uptimeMs: number;
  /** Since the start. */
  readonly requests: number;
  readonly inFlight: number;
  /** Processes that serve. */
  readonly workers: number;
  readonly secrets: readonly SecretStatus[];
}

/** The body of /status. */
export function toStatus(facts: StatusFacts): object {
  return {
    version: facts.version,
    serial: facts.serial ?? null,
    routes: facts.routes,
    uptime_seconds: Math.floor(facts.uptimeMs / 1_000),
    requests: facts.requests,
    in_flight: facts.inFlight,
    workers: facts.workers,
    ...secretsJson(facts),
  };
}

/** The body of /status/secrets. */
export function secretsJson({ secrets }: Pick<StatusFacts, "secrets">): object {
  return { secrets: secrets.map(secretStatusJson) };
}
