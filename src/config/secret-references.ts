import { isReference } from "../secrets/reference.ts";
import { walkFields } from "./fields.ts";
import { entitySchemas } from "./schemas.ts";
import type { GatewayConfig } from "./types.ts";

/** The vault references that serving the configuration needs, each once: of plugins that are enabled, where their schemas allow one. */
export function secretReferences({ plugins }: GatewayConfig): readonly string[] {
  const found = new Set<string>();
  for (const plugin of plugins) {
    if (!plugin.enabled) continue;
    walkFields(plugin, entitySchemas.plugins, ({ value, schema }) => {
      if (schema?.["x-gw-referenceable"] === true && typeof value === "string" && isReference(value)) found.add(value);
    });
  }
  return [...found];
}
