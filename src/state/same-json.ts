import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";

/** Equal as JSON: key order does not matter, an absent key equals an undefined one, `-0` equals `0`. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return sameLists(a, b);
  return isJsonObject(a) && isJsonObject(b) && sameFields(a, b, sameJson);
}

/** Whether `same` holds for every key that either object has. */
export function sameFields(
  a: JsonObject,
  b: JsonObject,
  same: (a: Json | undefined, b: Json | undefined, key: string) => boolean,
): boolean {
  return (
    Object.keys(a).every((key) => same(a[key], own(b, key), key)) &&
    Object.keys(b).every((key) => Object.hasOwn(a, key) || same(undefined, b[key], key))
  );
}

/** A key like `__proto__` must not be found on the prototype. */
function own(value: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function sameLists(a: readonly Json[], b: readonly Json[]): boolean {
  return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
}
