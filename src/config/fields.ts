import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { Path } from "./path.ts";
import { configSchema, entitySchemas, type FieldSchema, memberSchema } from "./schemas.ts";
import type { CollectionName } from "./types.ts";

/** A value of a document or entity, with what its schema says of it; no schema where gw knows none. */
export interface Field {
  readonly value: Json;
  readonly schema: FieldSchema | undefined;
  readonly depth: number;
  readonly path: () => Path;
}

/** Calls `visit` for the value and everything below it, parents first. `visit` returns false to leave out what is below. */
export function walkFields(
  value: Json,
  schema: FieldSchema | undefined,
  visit: (field: Field) => boolean | void,
): void {
  const parts: (string | number)[] = [];
  const path = (): Path => [...parts];
  const walkMember = (part: string | number, member: Json, of: FieldSchema | undefined): void => {
    parts.push(part);
    walk(member, of);
    parts.pop();
  };
  const walk = (each: Json, of: FieldSchema | undefined): void => {
    if (visit({ value: each, schema: of, depth: parts.length, path }) === false) return;
    if (typeof each !== "object" || each === null) return;
    if (!isJsonObject(each)) for (const [index, item] of each.entries()) walkMember(index, item, of?.items);
    else for (const key of Object.keys(each)) walkMember(key, each[key] ?? null, schemaOfMember(each, key, of));
  };
  walk(value, schema);
}

/** Of the member `key` of `parent`; the schema of a plugin's or vault's `config` is found by the name beside it. */
export function schemaOfMember(
  parent: JsonObject,
  key: string,
  schema: FieldSchema | undefined,
): FieldSchema | undefined {
  const member = memberSchema(schema, key);
  const collection = member?.["x-gw-config"];
  return collection === undefined ? member : configSchema(collection, parent["name"]);
}

/** The schema of the value at `path` of an entity. */
export function schemaAt(collection: CollectionName, entity: JsonObject, path: Path): FieldSchema | undefined {
  let schema: FieldSchema | undefined = entitySchemas[collection];
  let value: Json | undefined = entity;
  for (const part of path) {
    if (Array.isArray(value)) {
      schema = schema?.items;
      value = value[Number(part)] as Json | undefined;
    } else {
      const parent: JsonObject = isJsonObject(value) ? value : {};
      schema = schemaOfMember(parent, String(part), schema);
      value = Object.hasOwn(parent, String(part)) ? parent[String(part)] : undefined;
    }
  }
  return schema;
}
