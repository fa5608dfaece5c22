import { isJsonObject, type Json, type JsonObject } from "../../core/json.ts";
import { ignoredFields } from "../../state/diff.ts";
import type { MaskedStep } from "../../state/mask.ts";
import { sameJson } from "../../state/same-json.ts";
import { escapeControls } from "./escape-controls.ts";
import { pairItems } from "./pair-items.ts";

/** One printed line: unchanged, new or old. */
export interface BodyLine {
  readonly mark: " " | "+" | "-";
  readonly text: string;
}

/** A value, and how it may be shown: equal but for masked parts. Comparing looks at the value, printing at what may be shown. */
interface Shown {
  readonly value: Json;
  readonly shown: Json;
}

/**
 * The body that decK prints under `updating …`: the whole old object with its changes, keys in alphabetical order, keys that only the new
 * object has at the end, a comma after every element but the old object's last. Set-like fields ignore order. The text is for reading; it
 * is not JSON.
 */
export function updateBody({ step, before, after }: MaskedStep, setFields: readonly string[]): readonly BodyLine[] {
  const sets = new Set(setFields);
  const old = { value: visible(step.before, sets), shown: visible(before, sets) };
  const next = { value: visible(step.after, sets), shown: visible(after, sets) };
  return compare(old, next, { key: undefined, depth: 0, comma: "" }, sets);
}

interface Spot {
  readonly key: string | undefined;
  readonly depth: number;
  readonly comma: "," | "";
}

const noSets: ReadonlySet<string> = new Set();

/** An empty set-like field equals an absent one, so neither is a change to show. */
function visible(body: JsonObject | null, sets: ReadonlySet<string>): JsonObject {
  const isEmptySet = (key: string, value: Json): boolean => sets.has(key) && Array.isArray(value) && value.length === 0;
  return Object.fromEntries(
    Object.entries(body ?? {}).filter(([key, value]) => !ignoredFields.has(key) && !isEmptySet(key, value)),
  );
}

function compare(old: Shown, next: Shown, spot: Spot, sets: ReadonlySet<string>): readonly BodyLine[] {
  if (sameJson(old.value, next.value)) return whole(old.shown, spot, " ");
  if (isOpenObject(old) && isOpenObject(next)) {
    return [open(spot, "{"), ...compareFields(old, next, spot.depth + 1, sets), close(spot, "}")];
  }
  if (isOpenList(old) && isOpenList(next)) {
    const isSet = spot.depth === 1 && spot.key !== undefined && sets.has(spot.key);
    return [open(spot, "["), ...compareItems(old, next, spot.depth + 1, isSet), close(spot, "]")];
  }
  return [...whole(old.shown, spot, "-"), ...whole(next.shown, spot, "+")];
}

function compareFields(old: Shown, next: Shown, depth: number, sets: ReadonlySet<string>): readonly BodyLine[] {
  const before = fieldsOf(old);
  const after = fieldsOf(next);
  const names = [...before.keys()].toSorted();
  const added = [...after.keys()].filter((name) => !before.has(name)).toSorted();
  const kept = names.flatMap((name, index) => {
    const spot: Spot = { key: name, depth, comma: index < names.length - 1 ? "," : "" };
    return compareSlot(before.get(name), after.get(name), spot, sets);
  });
  return [
    ...kept,
    ...added.flatMap((name) => compareSlot(undefined, after.get(name), { key: name, depth, comma: "" }, noSets)),
  ];
}

function compareItems(old: Shown, next: Shown, depth: number, isSet: boolean): readonly BodyLine[] {
  const pairs = pairItems(itemsOf(old), itemsOf(next), isSet);
  const lastOld = pairs.findLastIndex(([before]) => before !== undefined);
  return pairs.flatMap(([before, after], index) =>
    compareSlot(before, after, { key: undefined, depth, comma: index < lastOld ? "," : "" }, noSets),
  );
}

function compareSlot(
  old: Shown | undefined,
  next: Shown | undefined,
  spot: Spot,
  sets: ReadonlySet<string>,
): readonly BodyLine[] {
  if (old !== undefined && next !== undefined) return compare(old, next, spot, sets);
  if (old !== undefined) return whole(old.shown, spot, "-");
  return next === undefined ? [] : whole(next.shown, spot, "+");
}

function isOpenObject({ value, shown }: Shown): boolean {
  return isJsonObject(value) && isJsonObject(shown);
}

function isOpenList({ value, shown }: Shown): boolean {
  return Array.isArray(value) && Array.isArray(shown);
}

function fieldsOf({ value, shown }: Shown): ReadonlyMap<string, Shown> {
  const fields = shown as JsonObject;
  return new Map(
    Object.entries(value as JsonObject).flatMap(([key, item]) =>
      item === undefined ? [] : [[key, { value: item, shown: fields[key] ?? null }]],
    ),
  );
}

function itemsOf({ value, shown }: Shown): readonly Shown[] {
  const items = shown as readonly Json[];
  return (value as readonly Json[]).map((item, index) => ({ value: item, shown: items[index] ?? null }));
}

function whole(value: Json, spot: Spot, mark: BodyLine["mark"]): readonly BodyLine[] {
  if (Array.isArray(value)) {
    const items = value as readonly Json[];
    const inside = items.flatMap((item, index) => whole(item, inner(spot, undefined, index < items.length - 1), mark));
    return [open(spot, "[", mark), ...inside, close(spot, "]", mark)];
  }
  if (isJsonObject(value)) {
    const names = Object.keys(value).toSorted();
    const inside = names.flatMap((name, index) =>
      whole(value[name] ?? null, inner(spot, name, index < names.length - 1), mark),
    );
    return [open(spot, "{", mark), ...inside, close(spot, "}", mark)];
  }
  return [line(spot, `${scalarText(value)}${spot.comma}`, mark)];
}

function inner({ depth }: Spot, key: string | undefined, hasNext: boolean): Spot {
  return { key, depth: depth + 1, comma: hasNext ? "," : "" };
}

function open(spot: Spot, bracket: string, mark: BodyLine["mark"] = " "): BodyLine {
  return line(spot, bracket, mark);
}

function close({ depth, comma }: Spot, bracket: string, mark: BodyLine["mark"] = " "): BodyLine {
  return line({ key: undefined, depth }, `${bracket}${comma}`, mark);
}

function line({ key, depth }: Pick<Spot, "key" | "depth">, text: string, mark: BodyLine["mark"]): BodyLine {
  return { mark, text: `${"  ".repeat(depth)}${key === undefined ? "" : `"${escapeControls(key)}": `}${text}` };
}

/** decK prints strings raw between quotes. */
function scalarText(value: Json): string {
  if (typeof value === "string") return `"${escapeControls(value)}"`;
  return typeof value === "number" ? numberText(value) : JSON.stringify(value);
}

/** Never in exponent form, which decK uses and people misread. */
function numberText(value: number): string {
  const [, sign = "", whole = "", fraction = "", exponent] =
    /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(value)) ?? [];
  if (exponent === undefined) return String(value);
  const digits = `${whole}${fraction}`;
  const point = whole.length + Number(exponent);
  return point > 0 ? `${sign}${digits.padEnd(point, "0")}` : `${sign}0.${"0".repeat(-point)}${digits}`;
}
