import { isJsonObject, type Json } from "../../core/json.ts";
import { sameJson } from "../../state/same-json.ts";

interface Item {
  readonly value: Json;
}

/** An old and a new item that stand for each other; one of them is missing where an item was added or removed. */
export type Pair<T> = readonly [before: T | undefined, after: T | undefined];

/**
 * Lines up two lists for reading: equal items meet (longest common subsequence; by membership for a set), and between them objects meet
 * objects in order, so that a changed target shows its changed field. An item that moved shows as removed and added.
 */
export function pairItems<T extends Item>(old: readonly T[], next: readonly T[], isSet: boolean): readonly Pair<T>[] {
  if (isSet) return pairMembers(old, next);
  const pairs: Pair<T>[] = [];
  let oldAt = 0;
  let nextAt = 0;
  for (const [oldMatch, nextMatch] of [...commonItems(old, next), [old.length, next.length] as const]) {
    pairs.push(...pairGap(old.slice(oldAt, oldMatch), next.slice(nextAt, nextMatch)));
    if (oldMatch < old.length) pairs.push([old[oldMatch], next[nextMatch]]);
    oldAt = oldMatch + 1;
    nextAt = nextMatch + 1;
  }
  return pairs;
}

function pairMembers<T extends Item>(old: readonly T[], next: readonly T[]): readonly Pair<T>[] {
  const isIn = (list: readonly T[], item: T): T | undefined => list.find((other) => sameJson(other.value, item.value));
  const kept = old.map((item): Pair<T> => [item, isIn(next, item)]);
  const added = next.filter((item) => isIn(old, item) === undefined).map((item): Pair<T> => [undefined, item]);
  return [...kept, ...added];
}

function pairGap<T extends Item>(old: readonly T[], next: readonly T[]): readonly Pair<T>[] {
  const pairs: Pair<T>[] = [];
  for (let index = 0; index < Math.max(old.length, next.length); index++) {
    const before = old[index];
    const after = next[index];
    if (before !== undefined && after !== undefined && areAlike(before.value, after.value)) pairs.push([before, after]);
    else
      pairs.push(
        ...(
          [
            [before, undefined],
            [undefined, after],
          ] as const
        ).filter(([a, b]) => a !== undefined || b !== undefined),
      );
  }
  return pairs;
}

function areAlike(a: Json, b: Json): boolean {
  return (isJsonObject(a) && isJsonObject(b)) || (Array.isArray(a) && Array.isArray(b));
}

/** Index pairs of a longest common subsequence, ascending. */
function commonItems(old: readonly Item[], next: readonly Item[]): readonly (readonly [number, number])[] {
  const lengths = commonLengths(old, next);
  const lengthAt = (i: number, j: number): number => lengths[i]?.[j] ?? 0;
  const matches: [number, number][] = [];
  let i = 0;
  let j = 0;
  while (i < old.length && j < next.length) {
    if (isSame(old[i], next[j])) matches.push([i++, j++]);
    else if (lengthAt(i + 1, j) >= lengthAt(i, j + 1)) i++;
    else j++;
  }
  return matches;
}

/** `[i][j]`: length of the longest common subsequence of what follows `i` and `j`. */
function commonLengths(old: readonly Item[], next: readonly Item[]): readonly (readonly number[])[] {
  const rows: number[][] = Array.from({ length: old.length + 1 }, () =>
    Array.from({ length: next.length + 1 }, () => 0),
  );
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = next.length - 1; j >= 0; j--) {
      const row = rows[i] as number[];
      const below = rows[i + 1] as number[];
      row[j] = isSame(old[i], next[j]) ? 1 + (below[j + 1] ?? 0) : Math.max(below[j] ?? 0, row[j + 1] ?? 0);
    }
  }
  return rows;
}

function isSame(a: Item | undefined, b: Item | undefined): boolean {
  return a !== undefined && b !== undefined && sameJson(a.value, b.value);
}
