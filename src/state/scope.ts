import { type Kind, kinds } from "../config/kinds.ts";
import type { CollectionName, GatewayConfig } from "../config/types.ts";
import { StateError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { bodiesOf, listResources, type Resource, referenceOf } from "./resources.ts";

/** The entities that carry all of the tags: all entities when there are none. */
export function inScope(config: GatewayConfig, selectTags: readonly string[]): GatewayConfig {
  return mapCollections((kind) => bodiesOf(config, kind.collection).filter((body) => hasTags(body, selectTags)));
}

/**
 * `desired` with the select tags on every entity. Throws StateError GW_STATE_CONFLICT when an entity outside the scope has the id or the
 * name of a desired one, or would be left pointing at an entity that the scope no longer holds.
 */
export function claim(current: GatewayConfig, desired: GatewayConfig, selectTags: readonly string[]): GatewayConfig {
  const tagged = mapCollections((kind) => bodiesOf(desired, kind.collection).map((body) => addTags(body, selectTags)));
  const foreign = listResources(current).filter(({ body }) => !hasTags(body, selectTags));
  refuseTaken(foreign, listResources(tagged), selectTags);
  refuseOrphans(foreign, listResources(current), listResources(tagged), selectTags);
  return tagged;
}

/** Throws StateError GW_STATE_CONFLICT when an entity of `current` that stays as it is has the name of a desired one. */
export function refuseSecondOwners(current: GatewayConfig, desired: GatewayConfig): void {
  const wanted = listResources(desired);
  const ids = new Set(wanted.map(keyOf));
  const others = listResources(current).filter((resource) => !ids.has(keyOf(resource)));
  refuse(others, wanted, (holder) => {
    const name = `${holder.kind.name} "${holder.label}"`;
    return `The store already holds ${name} with the id ${holder.id}. Remove the id from yours to change that one, or use \`gw sync\` to replace it.`;
  });
}

function mapCollections(list: (kind: Kind) => readonly JsonObject[]): GatewayConfig {
  const lists: Partial<Record<CollectionName, readonly JsonObject[]>> = {};
  for (const kind of kinds) lists[kind.collection] = list(kind);
  return lists as unknown as GatewayConfig;
}

function tagsOf(body: JsonObject): readonly string[] {
  return (body["tags"] ?? []) as readonly string[];
}

function hasTags(body: JsonObject, tags: readonly string[]): boolean {
  const own = tagsOf(body);
  return tags.every((tag) => own.includes(tag));
}

function addTags(body: JsonObject, tags: readonly string[]): JsonObject {
  return { ...body, tags: [...new Set([...tagsOf(body), ...tags])] };
}

function refuseTaken(foreign: readonly Resource[], wanted: readonly Resource[], tags: readonly string[]): void {
  refuse(
    foreign,
    wanted,
    (holder) =>
      `The store already holds ${holder.kind.name} "${holder.label}" without the select tags ${quote(tags)}, so these files do not own it. ` +
      "Rename yours, or add the tags to it where it is defined.",
  );
}

function refuse(
  foreign: readonly Resource[],
  wanted: readonly Resource[],
  explain: (holder: Resource) => string,
): void {
  const taken = new Map(foreign.flatMap((resource) => identities(resource).map((identity) => [identity, resource])));
  for (const resource of wanted) {
    const holder = identities(resource)
      .map((identity) => taken.get(identity))
      .find((found) => found !== undefined);
    if (holder !== undefined) throw new StateError("GW_STATE_CONFLICT", explain(holder));
  }
}

function identities({ kind, id, label, body }: Resource): readonly string[] {
  const names = kind.keys.flatMap((key) =>
    typeof body[key] === "string" ? [`${kind.collection}/${key}/${body[key]}`] : [],
  );
  const scoped = kind.keys.length === 0 ? [`${kind.collection}/label/${label}`] : [];
  return [`${kind.collection}/id/${id}`, ...names, ...scoped];
}

function refuseOrphans(
  foreign: readonly Resource[],
  current: readonly Resource[],
  wanted: readonly Resource[],
  tags: readonly string[],
): void {
  const kept = new Set([...foreign, ...wanted].map(keyOf));
  const deleted = new Set(current.map(keyOf).filter((key) => !kept.has(key)));
  for (const { kind, label, body } of foreign) {
    for (const [field, collection] of Object.entries(kind.references)) {
      const id = referenceOf(body, field);
      if (id === undefined || !deleted.has(`${collection}/${id}`)) continue;
      throw new StateError(
        "GW_STATE_CONFLICT",
        `The ${kind.name} "${label}", which does not carry the select tags ${quote(tags)}, still uses a ${field} that this would delete. ` +
          `Keep the ${field} in the files, or remove the ${kind.name} first.`,
      );
    }
  }
}

function keyOf({ kind, id }: Resource): string {
  return `${kind.collection}/${id}`;
}

function quote(tags: readonly string[]): string {
  return tags.map((tag) => `"${tag}"`).join(", ");
}
