import { expect, it } from "vitest";
import type { ExplainedCandidate } from "../../../src/plugins/explanation.ts";
import { nameTargets, targetsMeant } from "../../../src/routing/target-names.ts";

function target(index: number, provider: string, model: string | null, description: string): ExplainedCandidate {
  const unknown = {
    score: null,
    distance: null,
    similarity: null,
    threshold: null,
    within_threshold: null,
    available: true,
  };
  return { index, provider, model, description, ...unknown };
}

const targets = [
  target(0, "openai", "gpt-4o", "a"),
  target(1, "azure", "gpt-4o", "b"),
  target(2, "openai", "small", "c"),
  target(3, "openai", null, "d"),
  target(4, "mistral", "tiny", "CATCHALL"),
];

it("calls a target by the shortest name that no other has", () => {
  expect([...nameTargets(targets).values()]).toEqual(["openai/gpt-4o", "azure/gpt-4o", "small", "#3", "tiny"]);
});

it.each([
  ["gpt-4o", [0, 1]],
  ["azure/gpt-4o", [1]],
  ["3", [3]],
  ["CATCHALL", [4]],
])("understands %s", (expected, indexes) => {
  expect(targetsMeant(expected, targets)).toEqual(indexes);
});

it("says which targets there are", () => {
  expect(() => targetsMeant("gpt-5", targets)).toThrow(
    '"gpt-5" is no target of this route. Its targets: openai/gpt-4o (0), azure/gpt-4o (1)',
  );
});
