import { isReference, parseReference } from "../secrets/reference.ts";
import { walkFields } from "./fields.ts";
import { entitySchemas } from "./schemas.ts";
import type { CollectionName, GatewayConfig } from "./types.ts";

/** What requests are served with. Of other kinds gw reads no reference: they are kept, and `gw validate` says that they are not run. */
const SERVED: readonly CollectionName[] = ["plugins", "keyauth_credentials"];

/**
 * The vault references that serving the configuration needs, each once: of plugins that are enabled and of the consumers' keys, where
 * their schemas allow one, and those in the configuration of the vaults that these name.
 */
export function secretReferences(config: GatewayConfig): readonly string[] {
  const found = new Set<string>();
  const searched = new Set<string>();
  const search = (collection: CollectionName, entity: Parameters<typeof walkFields>[0]): void =>
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
  for (const collection of SERVED)
    for (const entity of config[collection]) if (!("enabled" in entity) || entity.enabled) search(collection, entity);
  return [...found];
}

/** undefined for what is none: the lookup says what is wrong with it. */
function prefixOf(reference: string): string | undefined {
  try {
    return parseReference(reference).prefix;
  } catch {
    return undefined;
  }
}
