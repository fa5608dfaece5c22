import type { CollectionName } from "./types.ts";

/** Keys that decK knows and this version of gw does not run. Passing over them in silence could open what they were to close. */
export const unsupportedKeys: Readonly<
  Partial<Record<CollectionName, ReadonlySet<string>>> & Record<"document" | "_info", ReadonlySet<string>>
> = {
  document: new Set([
    "cloned_plugins",
    "consumer_group_consumers",
    "consumer_group_plugins",
    "custom_entities",
    "custom_plugins",
    "filter_chains",
    "key_sets",
    "keys",
    "licenses",
    "partials",
    "plugins_partials",
    "rbac_roles",
    "service_packages",
  ]),
  _info: new Set(["consumer_group_policy_overrides", "defaults", "skip_consumers", "skip_hash_for_basic_auth"]),
};
