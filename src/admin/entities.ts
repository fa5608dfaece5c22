import type { JsonObject } from "../core/json.ts";

/** Entities by collection, with their secrets masked. */
export type ShownConfig = Readonly<Record<string, readonly JsonObject[]>>;

const LISTED: ReadonlySet<string> = new Set(["services", "routes", "plugins", "consumers", "vaults", "upstreams"]);

/** The name by which an entity may be asked for, beside its id. */
const NAMES: Readonly<Record<string, string>> = { consumers: "username", vaults: "prefix", plugins: "instance_name" };

export function isListed(collection: string): boolean {
  return LISTED.has(collection);
}

export function listEntities(config: ShownConfig, collection: string): readonly JsonObject[] {
  return config[collection] ?? [];
}

/** By id or name. */
export function findEntity(config: ShownConfig, collection: string, key: string): JsonObject | undefined {
  const name = NAMES[collection] ?? "name";
  return listEntities(config, collection).find((entity) => entity["id"] === key || entity[name] === key);
}
