import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { schemaOfMember } from "./fields.ts";
import { configSchema, type FieldSchema } from "./schemas.ts";

/** The value with the defaults of its schema, at every depth: records with a default are filled, others only where they are given. Keys take the order of the schema. */
export function fillDefaults(value: Json, schema: FieldSchema | undefined): Json {
  if (schema === undefined || typeof value !== "object" || value === null) return value;
  if (!isJsonObject(value))
    return schema.items === undefined ? value : value.map((item) => fillDefaults(item, schema.items));
  const filled: Record<string, Json> = {};
  for (const [key, property] of propertiesOf(schema)) {
    const member = Object.hasOwn(value, key) ? value[key] : property.default;
    if (member !== undefined) filled[key] = fillMember(member, key, value, property);
  }
  for (const [key, member] of Object.entries(value))
    if (schema.properties === undefined || !Object.hasOwn(schema.properties, key))
      setMember(filled, key, fillDefaults(member, schemaOfMember(value, key, schema)));
  return filled;
}

/** What a default becomes is always the same value, so all entities share it. */
function fillMember(member: Json, key: string, owner: JsonObject, property: FieldSchema): Json {
  if (typeof member !== "object" || member === null) return member;
  if (property["x-gw-config"] !== undefined)
    return fillDefaults(member, configSchema(property["x-gw-config"], owner["name"]));
  if (member !== property.default || Object.hasOwn(owner, key)) return fillDefaults(member, property);
  const known = filledDefaults.get(property);
  if (known !== undefined) return known;
  const filled = fillDefaults(member, property);
  filledDefaults.set(property, filled);
  return filled;
}

const filledDefaults = new WeakMap<FieldSchema, Json>();
const propertyLists = new WeakMap<FieldSchema, readonly (readonly [string, FieldSchema])[]>();

function propertiesOf(schema: FieldSchema): readonly (readonly [string, FieldSchema])[] {
  const known = propertyLists.get(schema);
  if (known !== undefined) return known;
  const list = Object.entries(schema.properties ?? {});
  propertyLists.set(schema, list);
  return list;
}

/** Keeps a key such as `__proto__` as a plain member. */
function setMember(object: Record<string, Json>, key: string, value: Json): void {
  if (key === "__proto__")
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  else object[key] = value;
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
  return hasNull(value) ? withoutNulls(value) : value;
}

function hasNull(value: Json): boolean {
  if (value === null || typeof value !== "object") return value === null;
  return (isJsonObject(value) ? Object.values(value) : value).some(hasNull);
}

function withoutNulls(value: Json): Json {
  if (Array.isArray(value)) return value.map((item: Json) => withoutNulls(item));
  if (!isJsonObject(value)) return value;
  return mapMembers(Object.fromEntries(Object.entries(value).filter(([, member]) => member !== null)), withoutNulls);
}

function isDefault(value: Json, properties: FieldSchema["properties"], key: string): boolean {
  const preset = properties !== undefined && Object.hasOwn(properties, key) ? properties[key]?.default : undefined;
  return preset !== undefined && JSON.stringify(preset) === JSON.stringify(value);
}

function mapMembers(object: JsonObject, change: (value: Json, key: string) => Json): JsonObject {
  return Object.fromEntries(Object.entries(object).map(([key, member]) => [key, change(member, key)]));
}
