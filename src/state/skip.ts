import { kinds } from "../config/kinds.ts";
import type { CollectionName, GatewayConfig } from "../config/types.ts";
import type { JsonObject } from "../core/json.ts";
import { bodiesOf } from "./resources.ts";

/** What a run may leave alone on both sides, as decK's --skip-consumers and --skip-ca-certificates do. */
export type Skip = "consumers" | "ca-certificates";

/** The configuration without what is left alone; of consumers also their credentials, memberships and plugins. */
export function withoutSkipped(config: GatewayConfig, skips: readonly Skip[]): GatewayConfig {
  if (skips.length === 0) return config;
  const isKept = (collection: CollectionName, body: JsonObject): boolean =>
    !skips.some((skip) => (skip === "consumers" ? isOfConsumers(collection, body) : collection === "ca_certificates"));
  return Object.fromEntries(
    kinds.map(({ collection }) => [
      collection,
      bodiesOf(config, collection).filter((body) => isKept(collection, body)),
    ]),
  ) as unknown as GatewayConfig;
}

function isOfConsumers(collection: CollectionName, body: JsonObject): boolean {
  return collection === "consumers" || body["consumer"] !== undefined;
}
