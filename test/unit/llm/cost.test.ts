import { expect, test } from "vitest";
import { costOf } from "../../../src/llm/cost.ts";
import { tallied } from "../../../src/llm/usage.ts";

const prices = { input_cost: 2, output_cost: 10 };
const usage = tallied(1_000_000, 100_000, { cached: 400_000, written: 100_000 });
const factors = [
  { above: "200000", input_factor: 2, output_factor: 1.5 },
  { above: "500000", input_factor: 3, output_factor: 2 },
  { above: "2000000", input_factor: 9, output_factor: 9 },
];

test.each([
  ["both prices", prices, 3],
  ["no price of input", { output_cost: 10 }, 0],
  ["no price of output", { input_cost: 2 }, 0],
  ["a price of what the cache had", { ...prices, cache_read_cost: 0.5 }, 2.4],
  ["a price of what the cache took", { ...prices, cache_write_cost: 12 }, 4],
  ["factors of long prompts, the largest that is exceeded", { ...prices, context_window_factor: factors }, 8],
])("with %s", (_, options, expected) => {
  expect(costOf(usage, options)).toBeCloseTo(expected, 10);
});

test("a prompt of just the length is not longer", () => {
  const at = tallied(200_000, 0, { cached: 0 });
  expect(costOf(at, { ...prices, context_window_factor: factors })).toBeCloseTo(0.4, 10);
});

const byLifetime = [
  { ttl: "1h", cost: 20 },
  { ttl: "24h", cost: 90 },
];

test.each([
  [
    "a price of its lifetime, the others at the usual one",
    { cache_write_cost: 10, cache_write_cost_list: byLifetime },
    1.4,
  ],
  ["no usual price", { cache_write_cost_list: byLifetime }, 0.92],
  ["no list", { cache_write_cost: 10 }, 1],
])("what the cache took, with %s", (_, options, expected) => {
  const counted = tallied(100_000, 0, { cached: 0, written: 100_000, writtenFor: { "1h": 40_000, "5m": 60_000 } });
  expect(costOf(counted, { ...prices, ...options })).toBeCloseTo(expected, 10);
});

const tiers = [
  { tier: "Priority", factor: 2 },
  { tier: "flex", factor: 0.5 },
  { tier: "flex-batch", factor: 0.25 },
];

test.each([
  ["priority", 4],
  ["fast", 4],
  ["flex", 1],
  ["my-flex-batch-tier", 0.5],
  ["default", 2],
  [undefined, 2],
])("of the tier %s", (tier, expected) => {
  const counted = tallied(1_000_000, 0, { cached: 0, tier });
  expect(costOf(counted, { ...prices, service_tier_factor: tiers })).toBeCloseTo(expected, 10);
});
