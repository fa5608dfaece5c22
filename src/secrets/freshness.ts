import type { Json, JsonObject } from "../core/json.ts";
import type { Reference } from "./reference.ts";

/** How long an answer of a vault holds, in milliseconds; Infinity for always. */
export interface Freshness {
  /** Unless the vault says how long its value holds. */
  readonly ttlMs: number;
  /** How long a failure is remembered while there is no value. */
  readonly negativeTtlMs: number;
  /** How long a value is served beyond its ttl while it cannot be refreshed. */
  readonly resurrectTtlMs: number;
}

/** Kong's default for `resurrect_ttl`, in seconds. */
const DEFAULT_RESURRECT_TTL = 1e8;
/** Long enough for a vault that is away not to be asked by every request, in seconds. */
const DEFAULT_NEGATIVE_TTL = 1;

/** Seconds of the reference's query, else of the vault's configuration; what is no duration is ignored, as in Kong. */
export function readFreshness(config: JsonObject, { query }: Reference): Freshness {
  const seconds = (name: string, fallback: number): number =>
    toSeconds(query[name] === undefined ? undefined : Number(query[name])) ?? toSeconds(config[name]) ?? fallback;
  return {
    ttlMs: 1000 * (seconds("ttl", 0) || Infinity),
    negativeTtlMs: 1000 * seconds("neg_ttl", DEFAULT_NEGATIVE_TTL),
    resurrectTtlMs: 1000 * seconds("resurrect_ttl", DEFAULT_RESURRECT_TTL),
  };
}

function toSeconds(value: Json | undefined): number | undefined {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : undefined;
}
