import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { ignoredFields } from "../../state/diff.ts";
import type { MaskedStep } from "../../state/mask.ts";
import { sameJson } from "../../state/same-json.ts";
import { escapeControls } from "./escape-controls.ts";

/** One changed path: what it held and what it will hold, or from where it moved. */
export interface ChangeLine {
  readonly mark: "+" | "-" | "~" | ">";
  readonly text: string;
}

/** A value, and how it may be shown. Comparing looks at the value, printing at what may be shown. */
interface Shown {
  readonly value: Json;
  readonly shown: Json;
}

/** Only what changes, each with its path: `host: "old" → "new"`. Set-like fields ignore order; an item of a list that moved says so. */
export function compactBody({ step, before, after }: MaskedStep, setFields: readonly string[]): readonly ChangeLine[] {
  const old = { value: step.before ?? {}, shown: before ?? {} };
  const next = { value: step.after ?? {}, shown: after ?? {} };
  return compareFields(old, next, "", new Set(setFields));
}

const noSets: ReadonlySet<string> = new Set();

function compare(old: Shown | undefined, next: Shown | undefined, path: string, isSet = false): readonly ChangeLine[] {
  if (old === undefined) return next === undefined ? [] : [{ mark: "+", text: `${path}: ${print(next.shown)}` }];
  if (next === undefined) return [{ mark: "-", text: `${path}: ${print(old.shown)}` }];
  if (sameJson(old.value, next.value)) return [];
  if (isOpen(old, isJsonObject) && isOpen(next, isJsonObject)) return compareFields(old, next, path, noSets);
  if (isOpen(old, Array.isArray) && isOpen(next, Array.isArray)) return compareItems(old, next, path, isSet);
  return [{ mark: "~", text: `${path}: ${print(old.shown)} → ${print(next.shown)}` }];
}

function isOpen({ value, shown }: Shown, is: (value: Json) => boolean): boolean {
  return is(value) && is(shown);
}

function compareFields(old: Shown, next: Shown, path: string, sets: ReadonlySet<string>): readonly ChangeLine[] {
  const names = new Set([...Object.keys(old.value as JsonObject), ...Object.keys(next.value as JsonObject)]);
  return [...names]
    .filter((name) => path !== "" || !ignoredFields.has(name))
    .toSorted()
    .flatMap((name) =>
      compare(member(old, name), member(next, name), path === "" ? name : `${path}.${name}`, sets.has(name)),
    );
}

function compareItems(old: Shown, next: Shown, path: string, isSet: boolean): readonly ChangeLine[] {
  const before = items(old);
  const after = items(next);
  const pairs = pairEqual(before, after);
  const restBefore = before.flatMap((item, index) => (pairs.has(index) ? [] : [{ item, index }]));
  const paired = new Set(pairs.values());
  const restAfter = after.flatMap((item, index) => (paired.has(index) ? [] : [{ item, index }]));
  const moved = isSet ? [] : movedLines(pairs, path);
  const changed = Array.from({ length: Math.max(restBefore.length, restAfter.length) }, (_, index) => {
    const from = restBefore[index];
    const to = restAfter[index];
    if (from !== undefined && to !== undefined && !isSet) return compare(from.item, to.item, `${path}[${to.index}]`);
    return [
      ...compare(from?.item, undefined, `${path}[${from?.index ?? 0}]`),
      ...compare(undefined, to?.item, `${path}[${to?.index ?? 0}]`),
    ];
  });
  return [...changed.flat(), ...moved];
}

/** Index of an old item → index of the new item that equals it. */
function pairEqual(before: readonly Shown[], after: readonly Shown[]): ReadonlyMap<number, number> {
  const pairs = new Map<number, number>();
  const taken = new Set<number>();
  for (const [index, item] of before.entries()) {
    const same = (other: Shown, at: number): boolean => !taken.has(at) && sameJson(item.value, other.value);
    const found = after[index] !== undefined && same(after[index], index) ? index : after.findIndex(same);
    if (found < 0) continue;
    pairs.set(index, found);
    taken.add(found);
  }
  return pairs;
}

/** Items that others pushed aside did not move; those whose order among the kept ones changed did. */
function movedLines(pairs: ReadonlyMap<number, number>, path: string): readonly ChangeLine[] {
  const order = [...pairs].toSorted(([a], [b]) => a - b);
  let highest = -1;
  return order.flatMap(([from, to]): readonly ChangeLine[] => {
    if (to > highest) {
      highest = to;
      return [];
    }
    return [{ mark: ">", text: `${path}[${from}] moves to [${to}]` }];
  });
}

function member({ value, shown }: Shown, name: string): Shown | undefined {
  const found = Object.hasOwn(value as JsonObject, name) ? (value as JsonObject)[name] : undefined;
  return found === undefined ? undefined : { value: found, shown: (shown as JsonObject)[name] ?? null };
}

function items({ value, shown }: Shown): readonly Shown[] {
  return (value as readonly Json[]).map((item, index) => ({
    value: item,
    shown: (shown as readonly Json[])[index] ?? null,
  }));
}

function print(value: Json): string {
  return escapeControls(JSON.stringify(value));
}
