import { stringify } from "yaml";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { dropDefaults } from "./defaults.ts";
import { nestedCollections } from "./flatten.ts";
import { deterministicId, pluginKey } from "./ids.ts";
import { keptCollections } from "./kept-collections.ts";
import { kindOf, kinds, siblingKeys } from "./kinds.ts";
import { printPointer } from "./path.ts";
import { entitySchemas } from "./schemas.ts";
import { sensitivePointers } from "./sensitive.ts";
import { escapeTemplate } from "./template.ts";
import type { CollectionName, Entity, GatewayConfig } from "./types.ts";

export interface PrintOptions {
  /** Spell out what loading would fill in. */
  readonly defaults?: boolean;
  /** Every id, also those that loading would derive. */
  readonly ids?: boolean;
  readonly format?: "yaml" | "json";
}

/**
 * The configuration as a file in decK's format: routes under their services, plugins under their scope, without defaults and ids that
 * loading gives back. Loading the text gives `config` again.
 */
export function printConfig(config: GatewayConfig, options: PrintOptions = {}): string {
  const printer = new Printer(config, options);
  const lists = TOP_LEVEL.map((collection): [string, JsonObject[]] => [collection, printer.list(collection)]);
  const document = { _format_version: "3.0", ...Object.fromEntries(lists.filter(([, list]) => list.length > 0)) };
  if (options.format === "json") return `${JSON.stringify(document, null, 2)}\n`;
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false, schema: "core", compat: "yaml-1.1" });
}

const TOP_LEVEL: readonly CollectionName[] = [
  ...keptCollections,
  "certificates",
  "ca_certificates",
  "vaults",
  "consumer_groups",
  "consumers",
  "upstreams",
  "services",
  "routes",
  "plugins",
  "filter_chains",
];

class Printer {
  readonly #config: GatewayConfig;
  readonly #options: PrintOptions;
  readonly #byId = new Map<string, Entity>();
  /** Id of the parent and name of the collection → what is nested there. */
  readonly #children = new Map<string, Entity[]>();

  constructor(config: GatewayConfig, options: PrintOptions) {
    this.#config = config;
    this.#options = options;
    for (const { collection } of kinds) {
      for (const entity of config[collection]) {
        this.#byId.set(`${collection} ${entity.id}`, entity);
        const parent = parentOf(collection, entity);
        if (parent === undefined) continue;
        const key = `${parent.id} ${collection}`;
        this.#children.set(key, [...(this.#children.get(key) ?? []), entity]);
      }
    }
  }

  /** The entities of a collection that are nested nowhere. */
  list(collection: CollectionName): JsonObject[] {
    const own = this.#config[collection].filter((entity) => parentOf(collection, entity) === undefined);
    return own.map((entity) => this.#print(collection, entity));
  }

  #print(collection: CollectionName, entity: Entity): JsonObject {
    const parent = parentOf(collection, entity);
    const { id, ...fields } = escapeTexts(collection, entity);
    const whole = { ...fields, ...this.#names(collection, entity, parent?.field) };
    const isWhole = this.#options.defaults === true;
    const short = isWhole ? whole : (dropDefaults(whole, entitySchemas[collection]) as JsonObject);
    const own = Object.entries(short).filter(([key]) => key !== parent?.field);
    const nested = nestedCollections(collection).flatMap((child): [string, Json][] => {
      const children = this.#children.get(`${entity.id} ${child}`) ?? [];
      return children.length === 0 ? [] : [[child, children.map((each) => this.#print(child, each))]];
    });
    const isDerived = this.#options.ids !== true && id === this.#derivedId(collection, entity);
    const explicitId: [string, Json][] = isDerived ? [] : [["id", id ?? ""]];
    return Object.fromEntries([...explicitId, ...own, ...this.#groups(collection, entity), ...nested]);
  }

  /** Memberships are written at the consumer. */
  #groups(collection: CollectionName, { id }: Entity): readonly [string, Json][] {
    if (collection !== "consumers") return [];
    const own = this.#config.consumer_group_consumers.filter(({ consumer }) => consumer.id === id);
    const groups = own.map(({ consumer_group: group, tags }): Json => {
      const name = this.#referenceName("consumer_groups", group.id);
      return { ...(name === undefined ? { id: group.id } : { name }), ...(tags === undefined ? {} : { tags }) };
    });
    return groups.length === 0 ? [] : [["groups", groups]];
  }

  /** Foreign keys by name. */
  #names(collection: CollectionName, entity: Entity, parentField: string | undefined): JsonObject {
    const names = Object.entries(kindOf(collection).references).flatMap(([field, target]): [string, Json][] => {
      const id = referredId(entity, field);
      if (id === undefined || field === parentField) return [];
      const name = this.#referenceName(target, id);
      if (name === undefined) return [[field, collection === "plugins" ? id : { id }]];
      return [[field, collection === "plugins" ? name : { name }]];
    });
    return Object.fromEntries(names);
  }

  #derivedId(collection: CollectionName, entity: Entity): string | undefined {
    const siblings = siblingKeys[collection];
    if (collection === "plugins") {
      const scope = this.#scope(collection, entity).map(({ field, target, id }) => [field, this.#nameOf(target, id)]);
      return deterministicId("plugins", pluginKey(textOf(entity, "name") ?? "", Object.fromEntries(scope)));
    }
    if (siblings !== undefined) {
      const where = this.#scope(collection, entity).map(({ field, id }) => `${field} ${id}`);
      return deterministicId(
        collection,
        [...siblings.map((key) => textOf(entity, key) ?? ""), where.join(" ")].join(" "),
      );
    }
    const name = firstKey(collection, entity);
    return name === undefined ? undefined : deterministicId(collection, name);
  }

  #scope(collection: CollectionName, entity: Entity) {
    return Object.entries(kindOf(collection).references).flatMap(([field, target]) => {
      const id = referredId(entity, field);
      return id === undefined ? [] : [{ field, target, id }];
    });
  }

  /** What a foreign key may be written as. */
  #referenceName(collection: CollectionName, id: string): string | undefined {
    const entity = this.#byId.get(`${collection} ${id}`);
    const [key = ""] = kindOf(collection).keys;
    return entity === undefined ? undefined : textOf(entity, key);
  }

  /** What stands for an entity in the id of a plugin: its name, and the id when there is none. */
  #nameOf(collection: CollectionName, id: string): string {
    const entity = this.#byId.get(`${collection} ${id}`);
    return (entity === undefined ? undefined : firstKey(collection, entity)) ?? id;
  }
}

/** Where an entity is written: under the one thing it belongs to. A plugin of several scopes stands by itself. */
function parentOf(
  collection: CollectionName,
  entity: Entity,
): { readonly field: string; readonly id: string } | undefined {
  const owners = Object.entries(kindOf(collection).references).flatMap(([field, target]) => {
    const id = referredId(entity, field);
    return id === undefined || !nestedCollections(target).includes(collection) ? [] : [{ field, id }];
  });
  return owners.length === 1 ? owners[0] : undefined;
}

function referredId(entity: Entity, field: string): string | undefined {
  const value = (entity as unknown as JsonObject)[field];
  return isJsonObject(value) && typeof value["id"] === "string" ? value["id"] : undefined;
}

function firstKey(collection: CollectionName, entity: Entity): string | undefined {
  return kindOf(collection)
    .keys.map((key) => textOf(entity, key))
    .find((text) => text !== undefined);
}

function textOf(entity: Entity, key: string): string | undefined {
  const value = (entity as unknown as JsonObject)[key];
  return typeof value === "string" ? value : undefined;
}

/** Sensitive fields hold templates; any other text is what it is, and must not become an expression when it is read again. */
function escapeTexts(collection: CollectionName, entity: JsonObject): JsonObject {
  const sensitive = new Set(sensitivePointers(collection, entity));
  const visit = (value: Json, path: readonly (string | number)[]): Json => {
    if (typeof value === "string") return sensitive.has(printPointer(path)) ? value : escapeTemplate(value);
    if (Array.isArray(value)) return value.map((item: Json, index) => visit(item, [...path, index]));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, visit(member, [...path, key])]));
  };
  return visit(entity, []) as JsonObject;
}
