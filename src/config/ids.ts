import { uuidV5 } from "../core/uuid-v5.ts";
import type { CollectionName } from "./types.ts";

/** The namespace of all Kong entities (go-kong, kong/ids.go); below it each collection has its own. */
const ROOT = "fd02801f-0957-4a15-a55a-c8d9606f30b5";

/**
 * The id of an entity that gives none: UUIDv5 of its key, as go-kong's FillID makes it. The key is the name of a service or route, the
 * username of a consumer, the prefix of a vault, and pluginKey of a plugin.
 */
export function deterministicId(collection: CollectionName, key: string): string {
  return uuidV5(namespaceOf(collection), key);
}

const namespaces = new Map<CollectionName, string>();

function namespaceOf(collection: CollectionName): string {
  const known = namespaces.get(collection);
  if (known !== undefined) return known;
  const namespace = uuidV5(ROOT, collection);
  namespaces.set(collection, namespace);
  return namespace;
}

/** Names (or ids, of what has no name) of what a plugin is scoped to. */
export interface PluginScope {
  readonly service?: string;
  readonly route?: string;
  readonly consumer?: string;
  readonly consumer_group?: string;
}

export function pluginKey(name: string, scope: PluginScope): string {
  const parts = (["service", "route", "consumer", "consumer_group"] as const).map((field) =>
    scope[field] === undefined ? "" : `:${field}/${scope[field]}`,
  );
  return name + parts.join("");
}
