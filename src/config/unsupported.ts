import type { CollectionName } from "./types.ts";

/** Keys that decK knows and this version of gw does not run. Passing over them in silence could open what they were to close. */
export const unsupportedKeys: Readonly<
  Partial<Record<CollectionName, ReadonlySet<string>>> & Record<"document" | "_info", ReadonlySet<string>>
> = {
  document: new Set(["consumer_group_consumers", "consumer_group_plugins", "plugins_partials"]),
  _info: new Set(["consumer_group_policy_overrides", "defaults", "skip_consumers", "skip_hash_for_basic_auth"]),
};
