import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { schemaOfMember } from "./fields.ts";
import type { FieldSchema } from "./schemas.ts";

/** The value with the defaults of its schema, at every depth: records with a default are filled, others only where they are given. Keys take the order of the schema. */
export function fillDefaults(value: Json, schema: FieldSchema | undefined): Json {
  if (schema === undefined) return value;
  if (Array.isArray(value)) return value.map((item: Json) => fillDefaults(item, schema.items));
  if (!isJsonObject(value)) return value;
  const keys = new Set([...Object.keys(schema.properties ?? {}), ...Object.keys(value)]);
  const present = [...keys].flatMap((key): [string, Json][] => {
    const member = Object.hasOwn(value, key) ? value[key] : schema.properties?.[key]?.default;
    return member === undefined ? [] : [[key, member]];
  });
  const whole: JsonObject = Object.fromEntries(present);
  return mapMembers(whole, (member, key) => fillDefaults(member, schemaOfMember(whole, key, schema)));
}

/** The inverse: without what `fillDefaults` would put back. */
export function dropDefaults(value: Json, schema: FieldSchema | undefined): Json {
  if (schema === undefined) return value;
  if (Array.isArray(value)) return value.map((item: Json) => dropDefaults(item, schema.items));
  if (!isJsonObject(value)) return value;
  const short = mapMembers(value, (member, key) => dropDefaults(member, schemaOfMember(value, key, schema)));
  return Object.fromEntries(
    Object.entries(short).filter(([key, member]) => !isDefault(member, schema.properties, key)),
  );
}

/** Kong reads null in a config as "not given". Lists keep theirs, so that the schema can refuse them. */
export function dropNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => dropNulls(item));
  if (!isJsonObject(value)) return value;
  return mapMembers(Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null)), dropNulls);
}

function isDefault(value: Json, properties: FieldSchema["properties"], key: string): boolean {
  const preset = properties !== undefined && Object.hasOwn(properties, key) ? properties[key]?.default : undefined;
  return preset !== undefined && JSON.stringify(preset) === JSON.stringify(value);
}

function mapMembers(object: JsonObject, change: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, member]) => [key, change(member, key)]));
}
