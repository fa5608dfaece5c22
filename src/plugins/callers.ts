import type { GatewayConfig } from "../config/types.ts";
import { isReference } from "../secrets/reference.ts";
import { digestOf } from "./key-table.ts";
import type { ApiKey, Caller, Callers } from "./plugin.ts";

/** The consumers of a configuration with their groups and keys. */
export function readCallers({ consumers, keyauth_credentials: credentials, acls }: GatewayConfig): Callers {
  const groups = new Map<string, string[]>();
  for (const { consumer, group } of acls) groups.set(consumer.id, [...(groups.get(consumer.id) ?? []), group]);
  const callers = consumers.map(
    ({ id, username, custom_id: customId }): Caller => ({ id, username, customId, groups: groups.get(id) ?? [] }),
  );
  const byId = new Map(callers.map((caller) => [caller.id, caller]));
  const keys = credentials.flatMap(({ id, key, consumer }): ApiKey[] => {
    const caller = byId.get(consumer.id);
    if (caller === undefined) return [];
    return [
      isReference(key) ? { id, reference: key, caller } : { id, reference: undefined, digest: digestOf(key), caller },
    ];
  });
  return {
    keys,
    find: (name) => byId.get(name) ?? callers.find(({ username, customId }) => username === name || customId === name),
  };
}
