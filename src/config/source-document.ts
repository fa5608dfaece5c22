import type { Diagnostic } from "../core/diagnostics.ts";
import { isJsonObject, type Json } from "../core/json.ts";
import type { Environment } from "./expression.ts";
import { createLineTable } from "./line-table.ts";
import { maskText } from "./mask.ts";
import { parseDocument } from "./parse.ts";
import type { ParsedDocument } from "./parsed-document.ts";
import { parsePointer, type Path, printPointer } from "./path.ts";
import { hideExpressions, renderDocument, type RenderedDocument, reservedCharacter } from "./render.ts";
import { sensitivePaths } from "./sensitive.ts";
import { gatewaySchema } from "./schemas.ts";

/** One file, rendered: expressions are replaced by their values, except in fields that hold secrets. */
export interface SourceDocument {
  readonly file: string;
  readonly value: Json;
  /** With the values of all expressions, secrets too: for shared blocks whose fields are known only where they are used. */
  readonly rendered: Json;
  readonly places: ParsedDocument;
  /** JSON pointers of values that came from the environment, without those that are kept as expressions. */
  readonly fromEnvironment: ReadonlySet<string>;
  /** JSON pointers of all values that had expressions. */
  readonly templates: ReadonlySet<string>;
  /** JSON pointers of values that could not be made: nothing more is to be said of them. */
  readonly broken: ReadonlySet<string>;
}

export interface ReadResult {
  /** Absent when the file is not YAML. */
  readonly document?: SourceDocument;
  readonly diagnostics: readonly Diagnostic[];
  /** For code frames: secrets are masked. */
  readonly maskedText: () => string;
}

export async function readDocument(file: string, text: string, environment: Environment): Promise<ReadResult> {
  const placeAt = createLineTable(text, file);
  const reserved = reservedCharacter(text);
  if (reserved !== undefined) {
    const message = "The characters U+E000 and U+E001 cannot be used.";
    const diagnostic: Diagnostic = { severity: "error", code: "yaml-unsupported", message, place: placeAt(reserved) };
    return { diagnostics: [diagnostic], maskedText: () => maskText(text, undefined, () => null) };
  }
  const hidden = hideExpressions(text);
  const { document: places, diagnostics } = await parseDocument(hidden.text, file);
  if (places === undefined) return { diagnostics, maskedText: () => maskText(text, undefined, () => null) };
  const rendered = renderDocument(places, hidden, environment, placeAt);
  const document = keepSecretsOut(file, places, rendered);
  return {
    document,
    diagnostics: [...diagnostics, ...rendered.diagnostics],
    maskedText: () => maskText(text, places, (path) => valueAt(document.value, path)),
  };
}

function keepSecretsOut(file: string, places: ParsedDocument, rendered: RenderedDocument): SourceDocument {
  const hasTemplates = rendered.templates.size > 0;
  const sensitive = new Set(hasTemplates ? sensitivePaths(rendered.value, gatewaySchema).map(printPointer) : []);
  const fromEnvironment = new Set<string>();
  let { value } = rendered;
  for (const [pointer, template] of rendered.templates) {
    const path = parsePointer(pointer);
    const isSecret = path.some((_, index) => sensitive.has(printPointer(path.slice(0, index + 1))));
    if (isSecret) value = replaceAt(value, path, template);
    else fromEnvironment.add(pointer);
  }
  const templates = new Set(rendered.templates.keys());
  return { file, value, rendered: rendered.value, places, fromEnvironment, templates, broken: rendered.broken };
}

function replaceAt(value: Json, path: Path, replacement: Json): Json {
  const [part, ...rest] = path;
  if (part === undefined) return replacement;
  if (Array.isArray(value))
    return value.with(Number(part), replaceAt(value[Number(part)] as Json, rest, replacement)) as Json;
  if (!isJsonObject(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [key, key === part ? replaceAt(member, rest, replacement) : member]),
  );
}

function valueAt(value: Json, path: Path): Json {
  let current: Json | undefined = value;
  for (const part of path) {
    if (Array.isArray(current)) current = current[Number(part)] as Json | undefined;
    else current = isJsonObject(current) && Object.hasOwn(current, String(part)) ? current[String(part)] : undefined;
  }
  return current ?? null;
}
