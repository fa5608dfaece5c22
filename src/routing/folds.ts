import { createHash } from "node:crypto";
import type { LabelledPrompt } from "./labelled-prompts.ts";

const FOLDS = 4;

/**
 * Positions of rows in up to four parts. A source is never in two of them: prompts of one source resemble each other, and what is fitted to
 * some of them says too little of others. With fewer than three sources rows are dealt out one by one, by their text.
 */
export function splitInFolds(rows: readonly LabelledPrompt[]): readonly (readonly number[])[] {
  const groups = groupRows(rows);
  const folds = Array.from({ length: Math.min(FOLDS, groups.length) }, (): number[] => []);
  for (const group of groups) {
    const smallest = folds.reduce((least, fold) => (fold.length < least.length ? fold : least));
    smallest.push(...group);
  }
  return folds;
}

export function isSplitBySource(rows: readonly LabelledPrompt[]): boolean {
  return new Set(rows.map(({ source }) => source)).size >= 3;
}

/** Largest first, equals in an order that depends on nothing but the texts. */
function groupRows(rows: readonly LabelledPrompt[]): readonly (readonly number[])[] {
  const isBySource = isSplitBySource(rows);
  const groups = new Map<string, number[]>();
  for (const [position, { source = "", prompt }] of rows.entries()) {
    const key = isBySource ? source : createHash("sha256").update(prompt).digest("hex");
    groups.set(key, [...(groups.get(key) ?? []), position]);
  }
  return [...groups]
    .sort(([a, x], [b, y]) => y.length - x.length || (a < b ? -1 : 1))
    .map(([, positions]) => positions);
}
