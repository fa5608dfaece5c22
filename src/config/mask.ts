import { isReference } from "../secrets/reference.ts";
import type { Json } from "../core/json.ts";
import type { ParsedDocument } from "./parsed-document.ts";
import { sensitivePaths } from "./sensitive.ts";
import { configSchema, type FieldSchema, gatewaySchema } from "./schemas.ts";
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
  if (document === undefined) return maskUrlUsers(maskUnparsed(text));
  let masked = text.slice(0, document.end);
  for (const path of sensitivePaths(document.value, gatewaySchema)) {
    const range = document.rangeOf(path);
    if (range !== undefined && !isHarmless(valueAt(path))) masked = stars(masked, ...range);
  }
  return maskUrlUsers(maskComments(masked) + maskUnparsed(text.slice(document.end)));
}

/** `https://user:password@host`, wherever it stands. */
function maskUrlUsers(text: string): string {
  return text.replaceAll(/(?<=:\/\/)[^\s/@"']+(?=@)/g, (user) => stars(user, 0, user.length));
}

function isHarmless(value: Json): boolean {
  return typeof value === "string" && (isReference(value) || hidesItsValue(value));
}

/** In comments: what follows the name of a sensitive field. */
function maskComments(text: string): string {
  return text.replaceAll(NAME_IN_COMMENT, (_, before: string, value: string) => before + stars(value, 0, value.length));
}

/**
 * Where no parser tells what belongs to what, only lines stay whose keys are all known and hold no secrets. The rest of a line, and
 * deeper lines below it, belong to the first other key.
 */
function maskUnparsed(text: string): string {
  let hiddenColumn = Infinity;
  const lines = text.split("\n").map((line) => {
    const column = line.search(/\S/);
    if (column < 0) return line;
    if (column > hiddenColumn) return stars(line, 0, line.length);
    hiddenColumn = Infinity;
    if (line.charAt(column) === "#") return line;
    const keys = [...line.matchAll(KEY)];
    const hidden = keys.find(([, key]) => !PLAIN_NAMES.has(key ?? ""));
    if (hidden !== undefined) hiddenColumn = hidden.index;
    const start = keys.length === 0 ? column : hidden === undefined ? line.length : hidden.index + hidden[0].length;
    return stars(line, start, line.length);
  });
  return maskComments(lines.join("\n"));
}

function stars(text: string, start: number, end: number): string {
  return text.slice(0, start) + text.slice(start, end).replaceAll(/\S/g, "*") + text.slice(end);
}

const KEY = /([\w-]+)["']?[^\S\n]*:(?=[\s"'{[]|$)/g;
const NAMES = namesOfFields();
const PLAIN_NAMES: ReadonlySet<string> = new Set(
  [...NAMES].filter(([, isSensitive]) => !isSensitive).map(([name]) => name),
);
const SENSITIVE_NAMES = [...NAMES].filter(([, isSensitive]) => isSensitive).map(([name]) => name);
const NAME_IN_COMMENT = new RegExp(`((?<=^|\\s)#.*?(?:${SENSITIVE_NAMES.join("|")})["']?[^\\S\\n]*[:=])(.*)$`, "gm");

/** Name of every field → whether it is, in any schema, one for secrets. */
function namesOfFields(): ReadonlyMap<string, boolean> {
  const names = new Map<string, boolean>();
  const collect = (schema: FieldSchema | undefined): void => {
    for (const [name, property] of Object.entries(schema?.properties ?? {})) {
      names.set(name, names.get(name) === true || property["x-gw-sensitive"] === true);
      collect(property);
      collect(property.items);
    }
  };
  collect(gatewaySchema);
  collect(configSchema("plugins", "ai-proxy-advanced"));
  for (const name of ["env", "hcv"]) collect(configSchema("vaults", name));
  return names;
}
