import { BugError } from "../core/errors.ts";
import type { JsonObject } from "../core/json.ts";
import { keptCollections, keptLevels } from "./kept-collections.ts";
import type { CollectionName, GatewayConfig } from "./types.ts";

/**
 * One row per entity kind: what loading, comparing, ordering and naming need to know. To add a kind: one row here, one schema file.
 */
export interface Kind {
  /** The key in the file and in GatewayConfig: `services`. */
  readonly collection: CollectionName;
  /** As decK prints it: `service`, `vault`. */
  readonly name: string;
  /** Creates go up the levels, deletes down (spec of decK, 4.2). */
  readonly level: 1 | 2 | 3 | 4;
  /** Foreign keys: field → the collection it points to. */
  readonly references: Readonly<Record<string, CollectionName>>;
  /** Fields that name the entity, in the order they are tried. Empty for plugins, whose key is name plus scope. */
  readonly keys: readonly string[];
  /** Fields whose order has no meaning. */
  readonly sets: readonly string[];
}

export const kinds: readonly Kind[] = [
  ...keptAt(1),
  { collection: "certificates", name: "certificate", level: 1, references: {}, keys: [], sets: ["tags"] },
  { collection: "ca_certificates", name: "ca-certificate", level: 1, references: {}, keys: ["cert"], sets: ["tags"] },
  {
    collection: "consumers",
    name: "consumer",
    level: 1,
    references: {},
    keys: ["username", "custom_id"],
    sets: ["tags"],
  },
  { collection: "vaults", name: "vault", level: 1, references: {}, keys: ["prefix"], sets: ["tags"] },
  { collection: "consumer_groups", name: "consumer-group", level: 2, references: {}, keys: ["name"], sets: ["tags"] },
  {
    collection: "snis",
    name: "sni",
    level: 2,
    references: { certificate: "certificates" },
    keys: ["name"],
    sets: ["tags"],
  },
  {
    collection: "services",
    name: "service",
    level: 2,
    references: { client_certificate: "certificates" },
    keys: ["name"],
    sets: ["tags", "ca_certificates"],
  },
  {
    collection: "upstreams",
    name: "upstream",
    level: 2,
    references: { client_certificate: "certificates" },
    keys: ["name"],
    sets: ["tags"],
  },
  credential("keyauth_credentials", "key-auth", ["key"]),
  credential("hmacauth_credentials", "hmac-auth", ["username"]),
  credential("jwt_secrets", "jwt-auth", ["key"]),
  credential("basicauth_credentials", "basic-auth", ["username"]),
  credential("oauth2_credentials", "oauth2-cred", ["client_id"]),
  credential("acls", "acl-group", []),
  {
    ...credential("mtls_auth_credentials", "mtls-auth", []),
    references: { consumer: "consumers", ca_certificate: "ca_certificates" },
  },
  ...keptAt(2),
  {
    collection: "routes",
    name: "route",
    level: 3,
    references: { service: "services" },
    keys: ["name"],
    sets: ["tags", "protocols", "methods", "hosts", "paths", "snis"],
  },
  {
    collection: "targets",
    name: "target",
    level: 3,
    references: { upstream: "upstreams" },
    keys: [],
    sets: ["tags"],
  },
  {
    collection: "consumer_group_consumers",
    name: "consumer-group-consumer",
    level: 3,
    references: { consumer: "consumers", consumer_group: "consumer_groups" },
    keys: [],
    sets: ["tags"],
  },
  {
    collection: "plugins",
    name: "plugin",
    level: 4,
    references: { service: "services", route: "routes", consumer: "consumers", consumer_group: "consumer_groups" },
    keys: [],
    sets: ["tags", "protocols"],
  },
  {
    collection: "filter_chains",
    name: "filter-chain",
    level: 4,
    references: { service: "services", route: "routes" },
    keys: ["name"],
    sets: ["tags"],
  },
  ...keptAt(4),
];

/** `key_sets` is printed as `key-set`. What a kept entity refers to is not looked into. */
function keptAt(level: Kind["level"]): readonly Kind[] {
  return keptCollections
    .filter((collection) => keptLevels[collection] === level)
    .map((collection) => {
      const name = collection.replace(/ies$/, "y").replace(/s$/, "").replaceAll("_", "-");
      return { collection, name, level, references: {}, keys: ["name"], sets: ["tags"] };
    });
}

/** Level 2 in decK, after the consumers they belong to. */
function credential(collection: CollectionName, name: string, keys: readonly string[]): Kind {
  return { collection, name, level: 2, references: { consumer: "consumers" }, keys, sets: ["tags", "redirect_uris"] };
}

/** Without a single entity. */
export const emptyConfig: GatewayConfig = Object.fromEntries(
  kinds.map(({ collection }) => [collection, []]),
) as unknown as GatewayConfig;

/** Fields that tell a nameless entity from its siblings: with its foreign keys they make its identity. */
export const siblingKeys: Readonly<Partial<Record<CollectionName, readonly string[]>>> = {
  plugins: ["name"],
  targets: ["target"],
  acls: ["group"],
  mtls_auth_credentials: ["subject_name"],
  consumer_group_consumers: [],
  filter_chains: [],
};

const kindsByCollection: ReadonlyMap<CollectionName, Kind> = new Map(kinds.map((kind) => [kind.collection, kind]));

/** The row of a collection. */
export function kindOf(collection: CollectionName): Kind {
  const kind = kindsByCollection.get(collection);
  if (kind === undefined) throw new BugError(`There is no kind for ${collection}.`);
  return kind;
}

/** Entities of one kind by name, then by id: equal configurations are then equal values, whatever the order of their files. */
export function inNaturalOrder<T>(kind: Kind, entities: readonly T[]): T[] {
  const keyed = entities.map((entity) => ({ entity, key: naturalKey(kind, entity as unknown as JsonObject) }));
  return keyed.sort((a, b) => compareText(a.key, b.key)).map(({ entity }) => entity);
}

function naturalKey({ collection, keys }: Kind, entity: JsonObject): string {
  const { id = "" } = entity;
  const name = (siblingKeys[collection] ?? keys).map((key) => entity[key]).find(isText) ?? "";
  return `${name}\u0000${isText(id) ? id : ""}`;
}

function isText(value: unknown): value is string {
  return typeof value === "string";
}

/** By code unit: the same on every machine, unlike localeCompare. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
