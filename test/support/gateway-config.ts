import { emptyConfig } from "../../src/config/kinds.ts";
import type { GatewayConfig } from "../../src/config/types.ts";
import type { JsonObject } from "../../src/core/json.ts";

type Lists = Readonly<Partial<Record<keyof GatewayConfig, readonly JsonObject[]>>>;

/** A configuration out of hand-made entities, which need not be complete: comparing and storing look at no field but a few. */
export function gatewayConfig(lists: Lists = {}): GatewayConfig {
  return { ...emptyConfig, ...lists } as unknown as GatewayConfig;
}
