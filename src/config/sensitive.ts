import type { Json, JsonObject } from "../core/json.ts";
import { type Field, walkFields } from "./fields.ts";
import { type Path, printPointer } from "./path.ts";
import { entitySchemas, type FieldSchema } from "./schemas.ts";
import type { CollectionName } from "./types.ts";

/**
 * JSON pointers of the values of `entity` that hold secrets. Of a plugin or vault that gw does not know, every text in its `config`
 * may be one.
 */
export function sensitivePointers(collection: CollectionName, entity: JsonObject): readonly string[] {
  return sensitivePaths(entity, entitySchemas[collection]).map(printPointer);
}

/** Paths of values that hold, or may hold, secrets: the outermost each. */
export function sensitivePaths(value: Json, schema: FieldSchema | undefined): readonly Path[] {
  const paths: Path[] = [];
  walkFields(value, schema, (field) => {
    if (!isSensitive(field)) return true;
    paths.push(field.path());
    return false;
  });
  return paths;
}

/** Without a schema a text could be anything. */
function isSensitive({ value, schema }: Field): boolean {
  return schema === undefined ? typeof value === "string" : schema["x-gw-sensitive"] === true;
}
