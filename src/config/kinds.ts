import { BugError } from "../core/errors.ts";
import type { CollectionName } from "./types.ts";

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
  {
    collection: "consumers",
    name: "consumer",
    level: 1,
    references: {},
    keys: ["username", "custom_id"],
    sets: ["tags"],
  },
  { collection: "vaults", name: "vault", level: 1, references: {}, keys: ["prefix"], sets: ["tags"] },
  {
    collection: "services",
    name: "service",
    level: 2,
    references: {},
    keys: ["name"],
    sets: ["tags", "ca_certificates"],
  },
  {
    collection: "routes",
    name: "route",
    level: 3,
    references: { service: "services" },
    keys: ["name"],
    sets: ["tags", "protocols", "methods", "hosts", "paths", "snis"],
  },
  {
    collection: "plugins",
    name: "plugin",
    level: 4,
    references: { service: "services", route: "routes", consumer: "consumers" },
    keys: [],
    sets: ["tags", "protocols"],
  },
];

/** The row of a collection. */
export function kindOf(collection: CollectionName): Kind {
  const kind = kinds.find((each) => each.collection === collection);
  if (kind === undefined) throw new BugError(`There is no kind for ${collection}.`);
  return kind;
}
