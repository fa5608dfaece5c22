import type { Diagnostic, Place, Severity } from "../core/diagnostics.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { DiagnosticCode } from "./codes.ts";
import { kindOf, siblingKeys } from "./kinds.ts";
import { type Path, printPath, printPointer } from "./path.ts";
import type { SourceDocument } from "./source-document.ts";
import type { CollectionName } from "./types.ts";

/** An entity as it stands in a file, without the entities nested in it. */
export interface Draft {
  readonly collection: CollectionName;
  readonly value: JsonObject;
  readonly document: SourceDocument;
  readonly path: Path;
  /** The entity it is nested in. */
  readonly parent?: Draft;
  /** JSON pointers of values from shared blocks that came from the environment. */
  readonly inherited?: readonly string[];
}

/** What a check has to say about a draft. `path` leads from the draft to the value, or to where a missing one would be. */
export interface Finding {
  readonly severity: Severity;
  readonly code: DiagnosticCode;
  /** Without the name of the entity, which is put before it. */
  readonly message: string;
  readonly fix?: string;
  readonly path: Path;
  /** The key is wrong, not the value. */
  readonly isAboutKey?: boolean;
  readonly related?: Diagnostic["related"];
}

/** Undefined for a value that has been reported already, because its expression could not be evaluated. */
export function diagnose(draft: Draft, finding: Finding): Diagnostic | undefined {
  const { document } = draft;
  const path = [...draft.path, ...finding.path];
  if (document.broken.has(printPointer(path))) return undefined;
  return {
    severity: finding.severity,
    code: finding.code,
    message: `${labelOf(draft)}: ${finding.message}`,
    ...(finding.fix === undefined ? {} : { fix: finding.fix }),
    place: placeOf(document, path, finding.isAboutKey === true),
    path: printPath(path),
    ...(finding.related === undefined ? {} : { related: finding.related }),
  };
}

/** Where the entity begins. */
export function placeOfDraft(draft: Draft): Place {
  return draft.document.places.placeOf(draft.path);
}

/** `Route "chat"`, `Plugin "ai-proxy-advanced" of route "chat"`. */
export function labelOf(draft: Draft): string {
  const kind = kindOf(draft.collection);
  const name = nameOf(draft);
  const own = `${capitalise(kind.name)}${name === undefined ? withoutName(draft) : ` "${name}"`}`;
  return draft.parent === undefined || ["routes"].includes(draft.collection)
    ? own
    : `${own} of ${uncapitalise(labelOf(draft.parent))}`;
}

function withoutName({ collection }: Draft): string {
  return nameKeys(collection).length === 0 ? "" : " without a name";
}

/** By which others refer to it; undefined when it only has an id, or its name is a secret. */
export function nameOf(draft: Draft): string | undefined {
  return nameKeys(draft.collection)
    .map((key) => textAt(draft.value, key))
    .find((name) => name !== undefined);
}

function nameKeys(collection: CollectionName): readonly string[] {
  return collection === "keyauth_credentials" || collection === "ca_certificates"
    ? []
    : (siblingKeys[collection] ?? kindOf(collection).keys);
}

/** A non-empty text member. */
export function textAt(value: Json, key: string): string | undefined {
  const member = isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
  return typeof member === "string" && member !== "" ? member : undefined;
}

/** Of a scalar its value, of anything else its key: a code frame should show the line that names it. */
function placeOf(document: SourceDocument, path: Path, isAboutKey: boolean): Place {
  const isScalar = document.places.rangeOf(path) !== undefined && typeof memberAt(document.value, path) !== "object";
  return isScalar && !isAboutKey ? document.places.placeOf(path) : document.places.keyPlaceOf(path);
}

function memberAt(value: Json, path: Path): unknown {
  let current: unknown = value;
  for (const part of path)
    current = typeof current === "object" && current !== null ? (current as JsonObject)[part] : undefined;
  return current;
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

function uncapitalise(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
