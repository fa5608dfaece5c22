import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { textOf } from "./read-answer.ts";
import type { Usage } from "./usage.ts";

/**
 * What an answer costs, in the currency of the prices, which are for a million tokens: Kong's formula, 0 unless `input_cost` and
 * `output_cost` are both set. Tokens read from a cache or written to one have `cache_read_cost` and `cache_write_cost`, or else the price
 * of input; `cache_write_cost_list` has prices by lifetime. `context_window_factor` multiplies the prices of a prompt longer than `above`;
 * the largest `above` that is exceeded counts. `service_tier_factor` multiplies the whole.
 */
export function costOf(usage: Usage, options: JsonObject): number {
  const { input_cost: input, output_cost: output, cache_read_cost: read } = options;
  if (typeof input !== "number" || typeof output !== "number") return 0;
  const { prompt_tokens: prompt, completion_tokens: completion, prompt_tokens_details: details = {} } = usage;
  const cached = numberOr(details["cached_tokens"], 0);
  const written = numberOr(details["cache_write_tokens"], 0);
  const plain = Math.max(0, prompt - cached - written);
  const writes = writeCost(written, details["cache_write_ttls"], options, input);
  const prompted = plain * input + cached * numberOr(read, input) + writes;
  const factor = factorsFor(prompt, options["context_window_factor"]);
  const tier = tierFactor(usage.service_tier, options["service_tier_factor"]);
  return (tier * (prompted * factor.input + completion * output * factor.output)) / 1_000_000;
}

/** Of tokens whose lifetime has a price of its own, and of the others. */
function writeCost(written: number, lifetimes: Json | undefined, options: JsonObject, input: number): number {
  const { cache_write_cost_list: list } = options;
  const usual = numberOr(options["cache_write_cost"], input);
  let cost = written * usual;
  for (const rule of Array.isArray(list) ? list.filter(isJsonObject) : []) {
    const count = isJsonObject(lifetimes) ? numberOr(lifetimes[textOf(rule["ttl"])], 0) : 0;
    cost += count * (numberOr(rule["cost"], usual) - usual);
  }
  return cost;
}

/** The longest name that is part of the tier's counts; 1 when none is. Kong takes the tier "fast" for "priority", too. */
function tierFactor(tier: string | undefined, rules: Json | undefined): number {
  const served = tier?.toLowerCase().replace("fast", "fast priority") ?? "";
  let longest = 0;
  let factor = 1;
  for (const rule of Array.isArray(rules) ? rules.filter(isJsonObject) : []) {
    const name = textOf(rule["tier"]).toLowerCase();
    if (name.length <= longest || !served.includes(name)) continue;
    longest = name.length;
    factor = numberOr(rule["factor"], 1);
  }
  return factor;
}

interface Factors {
  readonly input: number;
  readonly output: number;
}

function factorsFor(promptTokens: number, rules: Json | undefined): Factors {
  let largest = -1;
  let factors: Factors = { input: 1, output: 1 };
  for (const rule of Array.isArray(rules) ? rules.filter(isJsonObject) : []) {
    const above = Number(rule["above"]);
    if (!(promptTokens > above) || above <= largest) continue;
    largest = above;
    factors = { input: numberOr(rule["input_factor"], 1), output: numberOr(rule["output_factor"], 1) };
  }
  return factors;
}

function numberOr(value: Json | undefined, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}
