import { readFile } from "node:fs/promises";
import { parseDocument } from "../config/parse.ts";
import { toError, UsageError } from "../core/errors.ts";
import { isJsonObject, type Json } from "../core/json.ts";

/** Names of flags without `--` → their values as a variable would hold them. Throws UsageError. */
export async function readSettingsFile(path: string): Promise<ReadonlyMap<string, string>> {
  const { document, diagnostics } = await parseDocument(await readText(path), path);
  if (document === undefined)
    throw new UsageError(`${path} cannot be read: ${diagnostics[0]?.message ?? "it is not YAML."}`);
  if (document.value === null) return new Map();
  if (!isJsonObject(document.value))
    throw new UsageError(`${path} must be a mapping of flags to values, as in store: /var/lib/gw/state.db.`);
  return new Map(Object.entries(document.value).map(([name, value]) => [name, textOf(path, name, value)]));
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    throw new UsageError(`The file of settings cannot be read: ${toError(error).message}.`);
  }
}

function textOf(path: string, name: string, value: Json): string {
  if (Array.isArray(value)) return value.map((item: Json) => textOf(path, name, item)).join(",");
  if (typeof value === "object")
    throw new UsageError(`${name} in ${path} must be a text, a number, true, false or a list.`);
  return String(value);
}
