import { expect, it } from "vitest";
import { accuracyOf, confusionOf, macroF1, type Outcome, scoreClasses } from "../../../src/routing/scores.ts";

const outcomes: readonly Outcome[] = [
  { expect: "a", got: "a" },
  { expect: "a", got: "b" },
  { expect: "b", got: "b" },
  { expect: "b", got: "none" },
];

it("counts precision, recall and F1 a class", () => {
  const scores = scoreClasses(outcomes, ["a", "b", "c"]);
  expect(scores).toEqual([
    { target: "a", precision: 1, recall: 0.5, f1: 2 / 3, support: 2 },
    { target: "b", precision: 0.5, recall: 0.5, f1: 0.5, support: 2 },
    { target: "c", precision: null, recall: null, f1: 0, support: 0 },
  ]);
  // A class without any prompt says nothing.
  expect(macroF1(scores)).toBeCloseTo((2 / 3 + 1 / 2) / 2);
  expect(accuracyOf(outcomes)).toBe(0.5);
});

it("counts a class against the mean when prompts go there that do not belong there", () => {
  const scores = scoreClasses([{ expect: "a", got: "b" }], ["a", "b"]);
  expect(macroF1(scores)).toBe(0);
});

it("shows what was expected against what came", () => {
  expect(confusionOf(outcomes, ["a", "b"])).toEqual({ a: { a: 1, b: 1, none: 0 }, b: { a: 0, b: 1, none: 1 } });
});
