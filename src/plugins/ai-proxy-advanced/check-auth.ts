import type { AiProxyAdvancedConfig, ConfigFinding } from "../../config/types.ts";
import { allOrNone, noEffect } from "./check-finding.ts";

type Auth = NonNullable<AiProxyAdvancedConfig["targets"][number]["auth"]>;

/** Rules of the `auth` of a target and of the embedding model. */
export function checkAuth(auth: Auth | undefined, at: string): readonly ConfigFinding[] {
  if (auth === undefined) return [];
  const cloud = Object.entries(auth).filter(([field, value]) => /^(?:aws|azure|gcp)_/.test(field) && value !== false);
  return [
    ...allOrNone(at, "auth", auth, ["header_name", "header_value"]),
    ...allOrNone(at, "auth", auth, ["param_name", "param_value", "param_location"]),
    ...cloud.map(([field]) => noEffect(`${at}.${field}`, `${at}.${field}`)),
  ];
}
