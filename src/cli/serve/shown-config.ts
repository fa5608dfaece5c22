import type { ShownConfig } from "../../admin/entities.ts";
import { sensitivePointers } from "../../config/sensitive.ts";
import type { CollectionName, GatewayConfig } from "../../config/types.ts";
import type { JsonObject } from "../../core/json.ts";
import { maskBody } from "../../state/mask.ts";

/** The configuration as the admin listener may show it. */
export function showConfig(config: GatewayConfig): ShownConfig {
  const shown = Object.entries(config).map(([collection, entities]) => [
    collection,
    (entities as readonly JsonObject[]).map((entity) => showEntity(collection as CollectionName, entity)),
  ]);
  return Object.fromEntries(shown) as ShownConfig;
}

function showEntity(collection: CollectionName, entity: JsonObject): JsonObject {
  return maskBody(entity, new Set(sensitivePointers(collection, entity)));
}
