import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";

/** Equal as JSON: key order does not matter, an absent key equals an undefined one, `-0` equals `0`. */
export function sameJson(a: Json | undefined, b: Json | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) return sameLists(a, b);
  if (isJsonObject(a) && isJsonObject(b)) {
    const keys = new Set([...Object.keys(a), ...Object.keys(b)]);
    return [...keys].every((key) => sameJson(own(a, key), own(b, key)));
  }
  return false;
}

/** A key like `__proto__` must not be found on the prototype. */
function own(value: JsonObject, key: string): Json | undefined {
  return Object.hasOwn(value, key) ? value[key] : undefined;
}

function sameLists(a: readonly Json[], b: readonly Json[]): boolean {
  return a.length === b.length && a.every((item, index) => sameJson(item, b[index]));
}
