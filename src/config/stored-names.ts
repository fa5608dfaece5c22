import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { kindOf, kinds, siblingKeys } from "./kinds.ts";
import type { CollectionName, GatewayConfig } from "./types.ts";

/** How a foreign key is written. */
export interface Reference {
  readonly text: string;
  readonly by: "name" | "id" | "either";
}

/** What a foreign key points to. */
export interface Referred {
  readonly id: string;
  readonly name: string | undefined;
}

/** Entities outside the files: their ids, and those that the files may refer to. */
export interface StoredNames {
  /** Of the entity with one of these identities: `name chat`, or `scope …` of a plugin. */
  idOf(collection: CollectionName, identities: () => readonly string[]): string | undefined;
  find(collection: CollectionName, reference: Reference): Referred | undefined;
}

export const noStoredNames: StoredNames = { idOf: () => undefined, find: () => undefined };

/** `mayRefer` chooses what the files may name without declaring it. */
export function storedNames(
  config: GatewayConfig,
  mayRefer: (collection: CollectionName, entity: JsonObject) => boolean,
): StoredNames {
  const ids = new Map<string, string>();
  const referable = new Map<string, Referred>();
  for (const { collection } of kinds) {
    for (const entity of bodiesOf(config, collection)) {
      const id = textOf(entity["id"]) ?? "";
      const identities = identitiesOf(collection, entity);
      for (const identity of identities) ids.set(`${collection} ${identity}`, id);
      if (!mayRefer(collection, entity)) continue;
      const [key = ""] = kindOf(collection).keys;
      const referred = { id, name: textOf(entity[key]) };
      for (const identity of [...identities, `id ${id}`]) referable.set(`${collection} ${identity}`, referred);
    }
  }
  return {
    idOf: (collection, identities) =>
      identities()
        .map((identity) => ids.get(`${collection} ${identity}`))
        .find((id) => id !== undefined),
    find(collection, { text, by }) {
      const [key = ""] = kindOf(collection).keys;
      const byName = by === "id" ? undefined : referable.get(`${collection} ${key} ${text}`);
      return byName ?? (by === "name" ? undefined : referable.get(`${collection} id ${text.toLowerCase()}`));
    },
  };
}

function identitiesOf(collection: CollectionName, entity: JsonObject): readonly string[] {
  const siblings = siblingKeys[collection];
  if (siblings !== undefined) {
    return [`scope ${[...siblings.map((key) => textOf(entity[key]) ?? ""), scopeText(collection, entity)].join(" ")}`];
  }
  return kindOf(collection).keys.flatMap((key) => {
    const text = textOf(entity[key]);
    return text === undefined ? [] : [`${key} ${text}`];
  });
}

function scopeText(collection: CollectionName, entity: JsonObject): string {
  const parts = Object.keys(kindOf(collection).references).flatMap((field) => {
    const reference = entity[field];
    return isJsonObject(reference) ? [`${field} ${textOf(reference["id"]) ?? ""}`] : [];
  });
  return parts.join(" ");
}

function bodiesOf(config: GatewayConfig, collection: CollectionName): readonly JsonObject[] {
  return config[collection];
}

function textOf(value: Json | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}
