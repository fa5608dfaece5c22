import { isReference, parseReference } from "../secrets/reference.ts";
import { walkFields } from "./fields.ts";
import { entitySchemas } from "./schemas.ts";
import type { CollectionName, GatewayConfig } from "./types.ts";

type Entity = Parameters<typeof walkFields>[0];

/**
 * The vault references that serving the configuration needs, each once: of plugins that are enabled and of the consumers' keys, where
 * their schemas allow one, of certificates that services or upstreams name, and those in the configuration of the vaults that these name.
 */
export function secretReferences(config: GatewayConfig): readonly string[] {
  const found = new Set<string>();
  const searched = new Set<string>();
  const search = (collection: CollectionName, entity: Entity): void =>
    walkFields(entity, entitySchemas[collection], ({ value, schema }) => {
      if (schema?.["x-gw-referenceable"] !== true || typeof value !== "string" || !isReference(value)) return;
      found.add(value);
      searchVault(prefixOf(value));
    });
  const searchVault = (prefix: string | undefined): void => {
    const vault = config.vaults.find((each) => each.prefix === prefix);
    if (vault === undefined || searched.has(vault.prefix)) return;
    searched.add(vault.prefix);
    search("vaults", vault);
  };
  for (const [collection, entities] of served(config)) for (const entity of entities) search(collection, entity);
  return [...found];
}

/** What requests are served with. Of all else gw reads no reference: it is kept, and `gw validate` says that it is not run. */
function served(config: GatewayConfig): readonly (readonly [CollectionName, readonly Entity[]])[] {
  const named = [...config.services, ...config.upstreams].flatMap(({ client_certificate: named }) => named?.id ?? []);
  return [
    ["plugins", config.plugins.filter(({ enabled }) => enabled)],
    ["keyauth_credentials", config.keyauth_credentials],
    ["certificates", config.certificates.filter(({ id }) => named.includes(id))],
  ];
}

/** undefined for what is none: the lookup says what is wrong with it. */
function prefixOf(reference: string): string | undefined {
  try {
    return parseReference(reference).prefix;
  } catch {
    return undefined;
  }
}
