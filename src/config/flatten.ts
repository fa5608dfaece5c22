import type { Diagnostic } from "../core/diagnostics.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Draft } from "./draft.ts";
import { diagnose } from "./draft.ts";
import { kindOf, kinds } from "./kinds.ts";
import { type Path, printPath } from "./path.ts";
import type { SourceDocument } from "./source-document.ts";
import type { CollectionName } from "./types.ts";

export interface FlatDocument {
  readonly drafts: readonly Draft[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Which collections an entity may nest. */
export const nestedCollections: Readonly<Record<CollectionName, readonly CollectionName[]>> = {
  services: ["routes", "plugins"],
  routes: ["plugins"],
  consumers: ["plugins"],
  plugins: [],
  vaults: [],
};

/** All entities of a file, nested ones too, in the order of the file. */
export function flatten(document: SourceDocument): FlatDocument {
  const found: { drafts: Draft[]; diagnostics: Diagnostic[] } = { drafts: [], diagnostics: [] };
  const { value } = document;
  if (!isJsonObject(value)) return found;
  const wrong = (path: Path, message: string): void => {
    found.diagnostics.push({
      severity: "error",
      code: "wrong-type",
      message,
      place: document.places.placeOf(path),
      path: printPath(path),
    });
  };
  const collect = (owner: JsonObject, collection: CollectionName, path: Path, parent: Draft | undefined): void => {
    const list = Object.hasOwn(owner, collection) ? owner[collection] : undefined;
    if (list === undefined) return;
    if (!Array.isArray(list))
      return wrong(path, `${collection} must be a list.${list === null ? " Remove the key when there is none." : ""}`);
    for (const [index, item] of list.entries()) {
      if (isJsonObject(item)) add(item, collection, [...path, index], parent);
      else wrong([...path, index], `Each of ${collection} must be a mapping.`);
    }
  };
  const add = (item: JsonObject, collection: CollectionName, path: Path, parent: Draft | undefined): void => {
    const nested = nestedCollections[collection];
    const draft: Draft = {
      collection,
      value: without(item, nested),
      document,
      path,
      ...(parent === undefined ? {} : { parent }),
    };
    found.drafts.push(draft);
    found.diagnostics.push(...refuseOwnParent(draft));
    for (const each of nested) collect(item, each, [...path, each], draft);
  };
  for (const { collection } of kinds) collect(value, collection, [collection], undefined);
  return found;
}

/** The field of `draft` that its parent fills: `service` for what is nested under a service. */
export function parentField(draft: Draft): string | undefined {
  const parent = draft.parent?.collection;
  return Object.entries(kindOf(draft.collection).references).find(([, collection]) => collection === parent)?.[0];
}

function refuseOwnParent(draft: Draft): readonly Diagnostic[] {
  const field = parentField(draft);
  if (field === undefined || !Object.hasOwn(draft.value, field)) return [];
  const diagnostic = diagnose(draft, {
    severity: "error",
    code: "nested-parent",
    message: `the key "${field}" cannot be given where the ${field} is the parent.`,
    fix: `Remove "${field}".`,
    path: [field],
    isAboutKey: true,
  });
  return diagnostic === undefined ? [] : [diagnostic];
}

function without(object: JsonObject, keys: readonly string[]): JsonObject {
  const kept: [string, Json][] = Object.entries(object).filter(([key]) => !keys.includes(key));
  return Object.fromEntries(kept);
}
