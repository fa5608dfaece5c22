import type { Json, JsonObject } from "../core/json.ts";
import { withoutConfigNulls } from "./check-shape.ts";
import { fillDefaults } from "./defaults.ts";
import type { Identified } from "./identify.ts";
import { inNaturalOrder, kindOf, kinds } from "./kinds.ts";
import { printPointer } from "./path.ts";
import { entitySchemas, type FieldSchema } from "./schemas.ts";
import { type ServiceAddress, splitUrl } from "./service-url.ts";
import type { CollectionName, Entity, GatewayConfig } from "./types.ts";

/**
 * The entity as GatewayConfig holds it: id and defaults given, foreign keys as ids, shorthands spelt out, keys in the order of the
 * schema. The draft must have passed its schema.
 */
export function normalise(identified: Identified): Entity {
  const { collection, value } = identified.draft;
  const schema = entitySchemas[collection];
  const written = withoutConfigNulls(collection, value);
  const own: Record<string, Json> = { ...(collection === "services" ? addressOf(written) : {}) };
  for (const key of Object.keys(written)) if (!isFileOnly(schema, key)) own[key] = written[key] ?? null;
  for (const [field, { id }] of identified.references) own[field] = { id };
  own["id"] = identified.id;
  return fillDefaults(own, schema) as unknown as Entity;
}

/** The pointers below a draft that came from the environment, as pointers into the normalised entity. */
export function originsOf({ draft }: Identified): readonly string[] {
  const { inherited = [], document, path } = draft;
  if (document.fromEnvironment.size === 0 && inherited.length === 0) return [];
  const start = `${printPointer(path)}/`;
  const written = [...document.fromEnvironment].filter((pointer) => pointer.startsWith(start));
  const own = [...new Set([...written.map((pointer) => pointer.slice(start.length - 1)), ...inherited])];
  return own.flatMap((pointer) => {
    if (pointer === "/url" && draft.collection === "services") return ["/protocol", "/host", "/port", "/path"];
    const [key = ""] = pointer.slice(1).split("/");
    const isOwn = Object.hasOwn(draft.value, key) && !Object.hasOwn(kindOf(draft.collection).references, key);
    return isOwn ? [pointer] : [];
  });
}

/** Lists in their natural order. */
export function sortConfig(
  entities: readonly { readonly collection: CollectionName; readonly entity: Entity }[],
): GatewayConfig {
  const lists = new Map(kinds.map(({ collection }): [CollectionName, Entity[]] => [collection, []]));
  for (const { collection, entity } of entities) lists.get(collection)?.push(entity);
  return Object.fromEntries(
    kinds.map((kind) => [kind.collection, inNaturalOrder(kind, lists.get(kind.collection) ?? [])]),
  ) as unknown as GatewayConfig;
}

/** What the shorthand `url` stands for. */
function addressOf({ url }: JsonObject): Partial<ServiceAddress> {
  return (typeof url === "string" ? splitUrl(url) : undefined) ?? {};
}

function isFileOnly(schema: FieldSchema, key: string): boolean {
  return schema.properties?.[key]?.["x-gw-file-only"] === true;
}
