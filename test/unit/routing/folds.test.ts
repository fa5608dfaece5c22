import { expect, it } from "vitest";
import { splitInFolds } from "../../../src/routing/folds.ts";
import type { LabelledPrompt } from "../../../src/routing/labelled-prompts.ts";

function row(number: number, source?: string): LabelledPrompt {
  return { id: String(number), prompt: `prompt ${number}`, messages: [], expect: "a", label: undefined, source };
}

it("never puts a source in two parts", () => {
  const rows = Array.from({ length: 60 }, (_, number) => row(number, `source ${number % 7}`));
  const folds = splitInFolds(rows);
  expect(folds).toHaveLength(4);
  expect(folds.flat().toSorted((a, b) => a - b)).toEqual(rows.map((_, position) => position));
  const sources = folds.map((fold) => new Set(fold.map((position) => rows[position]?.source)));
  expect(sources.reduce((sum, { size }) => sum + size, 0)).toBe(7);
});

it("deals out the rows of too few sources one by one, a repeated prompt to one part", () => {
  const rows = [...Array.from({ length: 40 }, (_, number) => row(number)), row(3), row(3)];
  const folds = splitInFolds(rows);
  expect(folds.map((fold) => fold.length).toSorted((a, b) => a - b)).toEqual([10, 10, 11, 11]);
  expect(folds.filter((fold) => fold.includes(3))).toEqual(
    folds.filter((fold) => fold.includes(40) && fold.includes(41)),
  );
});
