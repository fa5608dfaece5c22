import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { MASK, maskText } from "../core/masked-text.ts";
import { kinds } from "./kinds.ts";
import { type Path, printPointer } from "./path.ts";
import { sensitivePointers } from "./sensitive.ts";
import type { CollectionName, GatewayConfig } from "./types.ts";

/** The configuration with `[masked]` for every secret in plain text. Read again beside the store it came from, it is unchanged. */
export function maskSecrets(config: GatewayConfig): GatewayConfig {
  const lists = kinds.map(({ collection }): [string, JsonObject[]] => {
    const entities: readonly JsonObject[] = config[collection];
    return [collection, entities.map((entity) => maskEntity(collection, entity))];
  });
  return Object.fromEntries(lists) as unknown as GatewayConfig;
}

export function isMasked(value: Json): value is string {
  return typeof value === "string" && value.includes(MASK);
}

/** Whether any text of the value says `[masked]`. */
export function holdsMask(value: Json): boolean {
  if (typeof value !== "object" || value === null) return isMasked(value);
  return (isJsonObject(value) ? Object.values(value) : value).some(holdsMask);
}

export interface Restored {
  readonly entity: JsonObject;
  /** `[masked]` that stands for nothing that is stored. */
  readonly missing: readonly Path[];
}

/**
 * Puts the stored secrets where an entity says `[masked]`. Items of lists are the stored ones that look the same, else those of the same
 * position and provider: a secret never goes to another provider's target.
 */
export function restoreSecrets(
  collection: CollectionName,
  entity: JsonObject,
  stored: JsonObject | undefined,
): Restored {
  const sensitive = new Set(sensitivePointers(collection, entity));
  const missing: Path[] = [];
  const visit = (value: Json, shown: Json | undefined, secret: Json | undefined, path: Path): Json => {
    if (isMasked(value)) {
      if (value === shown && secret !== undefined) return secret;
      if (sensitive.has(printPointer(path))) missing.push(path);
      return value;
    }
    if (Array.isArray(value)) {
      const twins = pairWithStored(value, Array.isArray(shown) ? shown : []);
      return value.map((item: Json, index) => {
        const twin = twins[index];
        return twin === undefined
          ? visit(item, undefined, undefined, [...path, index])
          : visit(item, memberOf(shown, twin), memberOf(secret, twin), [...path, index]);
      });
    }
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [
        key,
        visit(member, memberOf(shown, key), memberOf(secret, key), [...path, key]),
      ]),
    );
  };
  const shown = stored === undefined ? undefined : maskEntity(collection, stored);
  return { entity: visit(entity, shown, stored, []) as JsonObject, missing };
}

function maskEntity(collection: CollectionName, entity: JsonObject): JsonObject {
  const sensitive = new Set(sensitivePointers(collection, entity));
  const visit = (value: Json, path: Path): Json => {
    if (sensitive.has(printPointer(path))) return typeof value === "string" ? maskText(value) : value;
    if (Array.isArray(value)) return value.map((item: Json, index) => visit(item, [...path, index]));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, visit(member, [...path, key])]));
  };
  return sensitive.size === 0 ? entity : (visit(entity, []) as JsonObject);
}

/** For each item the index of the stored item it stands for. */
function pairWithStored(items: readonly Json[], shown: readonly Json[]): readonly (number | undefined)[] {
  const texts = shown.map((item) => JSON.stringify(item));
  const taken = new Set<number>();
  const same = items.map((item) => {
    const text = JSON.stringify(item);
    const found = texts.findIndex((each, index) => each === text && !taken.has(index));
    if (found < 0) return undefined;
    taken.add(found);
    return found;
  });
  return same.map((found, index) => {
    if (found !== undefined || taken.has(index)) return found;
    return providerOf(items[index]) === providerOf(shown[index]) ? index : undefined;
  });
}

function providerOf(item: Json | undefined): Json | undefined {
  return memberOf(memberOf(item, "model"), "provider");
}

function memberOf(value: Json | undefined, key: string | number): Json | undefined {
  if (Array.isArray(value)) return value[Number(key)] as Json | undefined;
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
