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
