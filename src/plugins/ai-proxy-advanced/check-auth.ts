import type { AiProxyAdvancedConfig, ConfigFinding } from "../../config/types.ts";
import { allOrNone, error, noEffect } from "./check-finding.ts";
import { type CloudUser, cloudIdentityOf } from "./cloud-identity.ts";

type Target = AiProxyAdvancedConfig["targets"][number];
type Auth = NonNullable<Target["auth"]>;

/** Rules of the `auth` of the embedding model. */
export function checkAuth(user: CloudUser, at: string): readonly ConfigFinding[] {
  const { auth } = user;
  if (auth === undefined) return [];
  return [...checkPlaces(auth, at), ...unusedCloudFields(auth, at, cloudIdentityOf(user)?.cloud)];
}

/** Rules of the `auth` of a target. */
export function checkTargetAuth(target: Target, at: string): readonly ConfigFinding[] {
  const { model, auth } = target;
  const settings = cloudIdentityOf(target);
  const isSigned = settings?.cloud === "aws";
  return [
    ...checkRegion(model, isSigned, at),
    ...(auth === undefined ? [] : checkPlaces(auth, `${at}.auth`)),
    ...(auth === undefined ? [] : unusedCloudFields(auth, `${at}.auth`, settings?.cloud)),
    ...(isSigned ? allOrNone(`${at}.auth`, "auth", auth ?? {}, ["aws_access_key_id", "aws_secret_access_key"]) : []),
  ];
}

function checkPlaces(auth: Auth, at: string): readonly ConfigFinding[] {
  return [
    ...allOrNone(at, "auth", auth, ["header_name", "header_value"]),
    ...allOrNone(at, "auth", auth, ["param_name", "param_value", "param_location"]),
  ];
}

/** Of other clouds than the one that answers for the target. */
function unusedCloudFields(auth: Auth, at: string, cloud: string | undefined): readonly ConfigFinding[] {
  return Object.entries(auth).flatMap(([field, value]) => {
    const owner = /^(aws|azure|gcp)_/.exec(field)?.[1];
    return owner === undefined || owner === cloud || value === false
      ? []
      : [noEffect(`${at}.${field}`, `${at}.${field}`)];
  });
}

function checkRegion({ provider, options }: Target["model"], isSigned: boolean, at: string): readonly ConfigFinding[] {
  const isNeeded = provider === "bedrock" && (isSigned || options?.upstream_url === undefined);
  if (!isNeeded || options?.bedrock?.aws_region !== undefined) return [];
  const message = "must set 'model.options.bedrock.aws_region' for bedrock provider";
  return [error("missing-option", `${at}.model.options.bedrock.aws_region`, message)];
}
