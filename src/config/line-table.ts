import type { Place } from "../core/diagnostics.ts";
import { once } from "../core/once.ts";

/** Turns offsets in a file's text into places. Columns count UTF-16 units, as editors do. */
export function createLineTable(text: string, file: string): (offset: number) => Place {
  const lineStarts = once(() => startsOf(text));
  return (offset) => {
    const starts = lineStarts();
    const line = lastAtOrBefore(starts, offset);
    return { file, line: line + 1, column: offset - (starts[line] ?? 0) + 1 };
  };
}

function startsOf(text: string): readonly number[] {
  const starts = [0];
  for (let index = text.indexOf("\n"); index >= 0; index = text.indexOf("\n", index + 1)) starts.push(index + 1);
  return starts;
}

function lastAtOrBefore(sorted: readonly number[], value: number): number {
  let low = 0;
  let high = sorted.length - 1;
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if ((sorted[middle] ?? 0) <= value) low = middle;
    else high = middle - 1;
  }
  return low;
}
