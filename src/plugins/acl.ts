import type { AclConfig, ConfigFinding } from "../config/types.ts";
import { RequestError } from "../core/errors.ts";
import { definePlugin } from "./plugin.ts";

/** Kong's acl: groups of the consumer that an authentication plugin has found. Nobody passes it unknown. */
export const acl = definePlugin<AclConfig>({
  name: "acl",
  priority: 950,
  check,
  create: async ({ allow = [], deny = [], hide_groups_header: hidesGroups }) => {
    const allowed = new Set(allow);
    const denied = new Set(deny);
    return {
      handle: async (exchange, next) => {
        const { identity } = exchange;
        if (identity === undefined) throw new RequestError("GW_ACCESS_UNKNOWN", "Unauthorized");
        const { groups } = identity.caller;
        const isIn =
          allowed.size > 0 ? groups.some((group) => allowed.has(group)) : !groups.some((group) => denied.has(group));
        if (!isIn) throw new RequestError("GW_ACCESS_DENIED", "You cannot consume this service");
        exchange.setForwarded("X-Consumer-Groups", hidesGroups || groups.length === 0 ? undefined : groups.join(", "));
        await next();
      },
    };
  },
});

function check({ allow = [], deny = [] }: AclConfig): readonly ConfigFinding[] {
  if (allow.length > 0 !== deny.length > 0) return [];
  return [{ severity: "error", code: "bad-value", message: "needs either allow or deny.", at: "allow" }];
}
