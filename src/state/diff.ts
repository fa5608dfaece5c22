import type { Json, JsonObject } from "../core/json.ts";
import type { Kind } from "../config/kinds.ts";
import type { GatewayConfig } from "../config/types.ts";
import { listResources, type Resource } from "./resources.ts";
import { sameFields, sameJson } from "./same-json.ts";

/** What must happen to one entity. `before` is null for a creation, `after` for a deletion. */
export interface Change {
  readonly action: "create" | "update" | "delete";
  readonly kind: Kind;
  readonly id: string;
  readonly label: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

/** Kept by Kong, not by the user: never a difference, never printed. */
export const ignoredFields: ReadonlySet<string> = new Set(["created_at", "updated_at"]);

/**
 * What turns `current` into `desired`: entities are the same when their ids are. Set-like fields ignore order and repetition, and
 * empty equals absent there; everything else, plugin configuration and the order of AI targets included, is compared exactly.
 */
export function diffConfigs(current: GatewayConfig, desired: GatewayConfig): readonly Change[] {
  const before = byKey(listResources(current));
  const after = byKey(listResources(desired));
  const created = [...after].flatMap(([key, resource]) => compare(before.get(key), resource));
  const deleted = [...before].filter(([key]) => !after.has(key)).map(([, resource]) => deletion(resource));
  return [...created, ...deleted];
}

function byKey(resources: readonly Resource[]): ReadonlyMap<string, Resource> {
  return new Map(resources.map((resource) => [`${resource.kind.collection}/${resource.id}`, resource]));
}

function compare(before: Resource | undefined, after: Resource): readonly Change[] {
  const { kind, id, label, body } = after;
  if (before === undefined) return [{ action: "create", kind, id, label, before: null, after: body }];
  if (sameBody(kind, before.body, body)) return [];
  return [{ action: "update", kind, id, label, before: before.body, after: body }];
}

function deletion({ kind, id, label, body }: Resource): Change {
  return { action: "delete", kind, id, label, before: body, after: null };
}

function sameBody(kind: Kind, before: JsonObject, after: JsonObject): boolean {
  return sameFields(before, after, (a, b, field) => {
    if (ignoredFields.has(field) || sameJson(a, b)) return true;
    return kind.sets.includes(field) && sameSet(a, b);
  });
}

function sameSet(a: Json | undefined, b: Json | undefined): boolean {
  const members = new Set(membersOf(a));
  const others = new Set(membersOf(b));
  return members.size === others.size && [...members].every((member) => others.has(member));
}

function membersOf(value: Json | undefined): readonly string[] {
  return Array.isArray(value) ? value.map((member) => JSON.stringify(member)) : [];
}
