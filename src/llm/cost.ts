import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Usage } from "./usage.ts";

/**
 * What an answer costs, in the currency of the prices, which are for a million tokens: Kong's formula, 0 unless `input_cost` and
 * `output_cost` are both set. Tokens read from a cache or written to one have `cache_read_cost` and `cache_write_cost`, or else the price
 * of input. `context_window_factor` multiplies the prices of a prompt longer than `above`; the largest `above` that is exceeded counts.
 */
export function costOf(usage: Usage, options: JsonObject): number {
  const { input_cost: input, output_cost: output, cache_read_cost: read, cache_write_cost: write } = options;
  if (typeof input !== "number" || typeof output !== "number") return 0;
  const { prompt_tokens: prompt, completion_tokens: completion, prompt_tokens_details: details = {} } = usage;
  const cached = numberOr(details["cached_tokens"], 0);
  const written = numberOr(details["cache_write_tokens"], 0);
  const plain = Math.max(0, prompt - cached - written);
  const prompted = plain * input + cached * numberOr(read, input) + written * numberOr(write, input);
  const factor = factorsFor(prompt, options["context_window_factor"]);
  return (prompted * factor.input + completion * output * factor.output) / 1_000_000;
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
