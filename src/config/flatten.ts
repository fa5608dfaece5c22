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

/** Of consumers, in the order of the file format. */
export const credentialCollections = [
  "acls",
  "keyauth_credentials",
  "basicauth_credentials",
  "hmacauth_credentials",
  "jwt_secrets",
  "oauth2_credentials",
  "mtls_auth_credentials",
] as const satisfies readonly CollectionName[];

/** Which collections an entity may nest. */
const nesting: Readonly<Partial<Record<CollectionName, readonly CollectionName[]>>> = {
  services: ["routes", "plugins"],
  routes: ["plugins"],
  consumers: [...credentialCollections, "plugins"],
  consumer_groups: ["plugins"],
  upstreams: ["targets"],
  certificates: ["snis"],
};

export function nestedCollections(collection: CollectionName): readonly CollectionName[] {
  return nesting[collection] ?? [];
}

/** Exist only below another entity; the rest has a list of its own as well. */
export const onlyNested: ReadonlySet<CollectionName> = new Set([
  ...credentialCollections,
  "targets",
  "snis",
  "consumer_group_consumers",
]);

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
    const nested = nestedCollections(collection);
    const membership = memberships[collection];
    const draft: Draft = {
      collection,
      value: without(item, membership === undefined ? nested : [...nested, membership.key]),
      document,
      path,
      ...(parent === undefined ? {} : { parent }),
    };
    found.drafts.push(draft);
    found.diagnostics.push(...refuseOwnParent(draft));
    for (const each of nested) collect(item, each, [...path, each], draft);
    if (membership !== undefined) collectMembers(item, membership, [...path, membership.key], draft);
  };
  const collectMembers = (owner: JsonObject, { key, field }: Membership, path: Path, parent: Draft): void => {
    const list = Object.hasOwn(owner, key) ? owner[key] : undefined;
    if (list === undefined) return;
    if (!Array.isArray(list)) return wrong(path, `${key} must be a list.`);
    for (const [index, item] of list.entries()) {
      const value = memberValue(item as Json, field);
      if (value === undefined)
        wrong([...path, index], `Each of ${key} must name one, as in { ${nameKeys[field]}: x }.`);
      else
        found.drafts.push({ collection: "consumer_group_consumers", value, document, path: [...path, index], parent });
    }
  };
  for (const { collection } of kinds) {
    if (!onlyNested.has(collection)) collect(value, collection, [collection], undefined);
  }
  return found;
}

/** Who belongs to which group is written at either end. */
interface Membership {
  readonly key: string;
  /** The end that the item names. */
  readonly field: "consumer" | "consumer_group";
}

const memberships: Readonly<Partial<Record<CollectionName, Membership>>> = {
  consumers: { key: "groups", field: "consumer_group" },
  consumer_groups: { key: "consumers", field: "consumer" },
};
const nameKeys = { consumer: "username", consumer_group: "name" } as const;

/** `{name: x}`, `{username: x}` or `{id: x}`, with tags; undefined for anything else. */
function memberValue(item: Json, field: Membership["field"]): JsonObject | undefined {
  if (!isJsonObject(item)) return undefined;
  const keys = [nameKeys[field], ...(field === "consumer" ? ["custom_id"] : []), "id"];
  const key = keys.find((each) => typeof item[each] === "string" && item[each] !== "");
  if (key === undefined) return undefined;
  const tags: [string, Json][] = item["tags"] === undefined ? [] : [["tags", item["tags"]]];
  return Object.fromEntries([[field, key === "id" ? { id: item[key] } : item[key]] as [string, Json], ...tags]);
}

/** The field of `draft` that its parent fills: `service` for what is nested under a service. */
export function parentField(draft: Draft): string | undefined {
  if (draft.parent === undefined) return undefined;
  const parent = draft.parent.collection;
  const { references } = kindOf(draft.collection);
  return Object.keys(references).find((field) => references[field] === parent);
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
  if (!keys.some((key) => Object.hasOwn(object, key))) return object;
  const kept: [string, Json][] = Object.entries(object).filter(([key]) => !keys.includes(key));
  return Object.fromEntries(kept);
}
