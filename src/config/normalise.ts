import type { Json, JsonObject } from "../core/json.ts";
import { withoutConfigNulls } from "./check-shape.ts";
import { fillDefaults } from "./defaults.ts";
import { textAt } from "./draft.ts";
import type { Identified } from "./identify.ts";
import { kindOf } from "./kinds.ts";
import { printPointer } from "./path.ts";
import { entitySchemas, type FieldSchema } from "./schemas.ts";
import { splitUrl } from "./service-url.ts";
import type { CollectionName, Entity, GatewayConfig } from "./types.ts";

/**
 * The entity as GatewayConfig holds it: id and defaults given, foreign keys as ids, shorthands spelt out, keys in the order of the
 * schema. The draft must have passed its schema.
 */
export function normalise(identified: Identified): Entity {
  const { collection, value } = identified.draft;
  const schema = entitySchemas[collection];
  const own = {
    ...spellOut(collection, withoutConfigNulls(collection, value)),
    id: identified.id,
    ...foreignKeys(identified),
  };
  const kept: JsonObject = Object.fromEntries(Object.entries(own).filter(([key]) => !isFileOnly(schema, key)));
  return fillDefaults(kept, schema) as unknown as Entity;
}

/** The pointers below a draft that came from the environment, as pointers into the normalised entity. */
export function originsOf({ draft }: Identified): readonly string[] {
  const start = `${printPointer(draft.path)}/`;
  const own = [...draft.document.fromEnvironment]
    .filter((pointer) => pointer.startsWith(start))
    .map((pointer) => pointer.slice(start.length - 1));
  return own.flatMap((pointer) => {
    if (pointer === "/url" && draft.collection === "services") return ["/protocol", "/host", "/port", "/path"];
    const [key = ""] = pointer.slice(1).split("/");
    const isOwn = Object.hasOwn(draft.value, key) && !Object.hasOwn(kindOf(draft.collection).references, key);
    return isOwn ? [pointer] : [];
  });
}

/** Lists by natural key, so that equal configurations are equal values whatever the order of their files. */
export function sortConfig(
  entities: readonly { readonly collection: CollectionName; readonly entity: Entity }[],
): GatewayConfig {
  const list = (collection: CollectionName): Entity[] =>
    entities
      .filter((each) => each.collection === collection)
      .map((each) => each.entity)
      .sort((a, b) => compareText(sortKey(collection, a), sortKey(collection, b)));
  const collections = ["services", "routes", "plugins", "vaults", "consumers"] as const;
  return Object.fromEntries(
    collections.map((collection) => [collection, list(collection)]),
  ) as unknown as GatewayConfig;
}

function sortKey(collection: CollectionName, entity: Entity): string {
  const fields = entity as unknown as JsonObject;
  const texts = (keys: readonly string[]): readonly string[] => keys.flatMap((key) => textAt(fields, key) ?? []);
  if (collection !== "plugins") return [...texts(kindOf(collection).keys), entity.id][0] ?? "";
  const scope = Object.keys(kindOf("plugins").references).map((field) => textAt(fields[field] ?? null, "id") ?? "");
  return [...texts(["name"]), ...scope].join("\n");
}

/** By code unit: the same on every machine, whatever its locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}

function spellOut(collection: CollectionName, value: JsonObject): JsonObject {
  if (collection !== "services" || typeof value["url"] !== "string") return value;
  return { ...splitUrl(value["url"]), ...value };
}

function foreignKeys({ references }: Identified): Record<string, Json> {
  return Object.fromEntries([...references].map(([field, { id }]) => [field, { id }]));
}

function isFileOnly(schema: FieldSchema, key: string): boolean {
  return schema.properties?.[key]?.["x-gw-file-only"] === true;
}
