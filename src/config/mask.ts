import { isReference } from "../secrets/reference.ts";
import type { Json } from "../core/json.ts";
import type { ParsedDocument } from "./parse.ts";
import { sensitivePaths } from "./sensitive.ts";
import { configSchema, entitySchemas, type FieldSchema, gatewaySchema } from "./schemas.ts";
import { hidesItsValue } from "./template.ts";

/**
 * The text with `*` for each character of a value that is, or may be, a secret. Line ends stay, so places stay true. Vault
 * references and expressions without a default are no secrets and stay readable.
 */
export function maskText(
  text: string,
  document: ParsedDocument | undefined,
  valueAt: (path: readonly (string | number)[]) => Json,
): string {
  if (document === undefined) return maskUrlUsers(maskByName(text, "everywhere"));
  let masked = text;
  for (const path of sensitivePaths(document.value, gatewaySchema)) {
    const range = document.rangeOf(path);
    if (range !== undefined && !isHarmless(valueAt(path))) masked = stars(masked, ...range);
  }
  return maskUrlUsers(maskByName(masked, "comments"));
}

/** `https://user:password@host`, wherever it stands. */
function maskUrlUsers(text: string): string {
  return text.replaceAll(/(?<=:\/\/)[^\s/@"']+(?=@)/g, (user) => stars(user, 0, user.length));
}

function isHarmless(value: Json): boolean {
  return typeof value === "string" && (isReference(value) || hidesItsValue(value));
}

/**
 * Where no parser tells what belongs to what: what follows the name of a sensitive field is masked to the end of its line, and on the
 * deeper lines below it. Of a text that was parsed, comments are what is left.
 */
function maskByName(text: string, where: "comments" | "everywhere"): string {
  let keyColumn = Infinity;
  let isValueExpected = false;
  const lines = text.split("\n").map((line) => {
    const column = line.search(/\S/);
    if (isValueExpected || column > keyColumn) {
      isValueExpected &&= column < 0;
      return stars(line, 0, line.length);
    }
    if (column >= 0) keyColumn = Infinity;
    const [before] = (where === "comments" ? NAME_IN_COMMENT : NAME).exec(line) ?? [];
    if (before === undefined) return line;
    if (where === "everywhere") {
      keyColumn = before.search(/[\w"']+["']?\s*[:=]$/);
      isValueExpected = line.slice(before.length).trim() === "";
    }
    return stars(line, before.length, line.length);
  });
  return lines.join("\n");
}

function stars(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(start, end).replaceAll(/\S/g, "*") + text.slice(end);
}

const NAMES = [...sensitiveNames()].join("|");
const NAME = new RegExp(`^.*?(?:${NAMES})["']?\\s*[:=]`);
const NAME_IN_COMMENT = new RegExp(`^(?:.*?\\s)?#.*?(?:${NAMES})["']?\\s*[:=]`);

function sensitiveNames(): ReadonlySet<string> {
  const names = new Set<string>();
  const collect = (schema: FieldSchema | undefined): void => {
    for (const [name, property] of Object.entries(schema?.properties ?? {})) {
      if (property["x-gw-sensitive"] === true) names.add(name);
      collect(property);
      collect(property.items);
    }
  };
  collect(entitySchemas.services);
  collect(configSchema("plugins", "ai-proxy-advanced"));
  for (const name of ["env", "hcv"]) collect(configSchema("vaults", name));
  return names;
}
