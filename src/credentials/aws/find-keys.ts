import { SecretError } from "../../core/errors.ts";
import { isReference } from "../../secrets/reference.ts";
import type { CredentialTools } from "../ask.ts";
import type { Issued } from "../identity.ts";
import { packKeys, unpackKeys } from "./keys.ts";
import { containerKeys, instanceKeys } from "./metadata.ts";
import { assumeRole, assumeRoleWithWebIdentity, type Role } from "./role.ts";

export interface AwsSettings {
  readonly cloud: "aws";
  readonly region: string;
  /** Both, or what the environment offers; may be references. */
  readonly accessKeyId: string | undefined;
  readonly secretAccessKey: string | undefined;
  /** The role whose keys are used instead. */
  readonly assumeRoleArn: string | undefined;
  readonly roleSessionName: string | undefined;
  readonly stsEndpoint: string | undefined;
}

/** How often keys are looked at again that a vault may replace, in milliseconds. */
const REFERENCE_MS = 60_000;

/** Keys to sign with, packed into one secret (keys.ts). Throws SecretError. */
export async function findAwsKeys(tools: CredentialTools, settings: AwsSettings, signal: AbortSignal): Promise<Issued> {
  const keys = (await configuredKeys(tools, settings, signal)) ?? (await offeredKeys(tools, settings, signal));
  if (settings.assumeRoleArn === undefined) return keys;
  return await assumeRole(tools, roleOf(settings, settings.assumeRoleArn), unpackKeys(keys.secret), signal);
}

async function configuredKeys(
  { material }: CredentialTools,
  { accessKeyId: id, secretAccessKey: key }: AwsSettings,
  signal: AbortSignal,
): Promise<Issued | undefined> {
  if (id === undefined || key === undefined) return undefined;
  const [accessKeyId, secretAccessKey] = await Promise.all([material.read(id, signal), material.read(key, signal)]);
  const ttlMs = isReference(id) || isReference(key) ? REFERENCE_MS : Infinity;
  return { secret: packKeys({ accessKeyId, secretAccessKey, sessionToken: undefined }), ttlMs };
}

/** What the environment offers, in the order of AWS's SDKs; profiles and single sign-on are for people, not for gateways. */
async function offeredKeys(tools: CredentialTools, settings: AwsSettings, signal: AbortSignal): Promise<Issued> {
  const { environment } = tools;
  const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = environment;
  if (accessKeyId !== undefined && secretAccessKey !== undefined) {
    const sessionToken = environment["AWS_SESSION_TOKEN"];
    return { secret: packKeys({ accessKeyId, secretAccessKey, sessionToken }), ttlMs: Infinity };
  }
  const { AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile, AWS_ROLE_ARN: arn, AWS_ROLE_SESSION_NAME: name } = environment;
  if (tokenFile !== undefined && arn !== undefined) {
    const role = roleOf({ ...settings, roleSessionName: name }, arn);
    return await assumeRoleWithWebIdentity(tools, role, tokenFile, signal);
  }
  const { AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: path, AWS_CONTAINER_CREDENTIALS_FULL_URI: url } = environment;
  if (path !== undefined) return await containerKeys(tools, `http://169.254.170.2${path}`, signal);
  if (url !== undefined) return await containerKeys(tools, url, signal);
  if (environment["AWS_EC2_METADATA_DISABLED"]?.toLowerCase() !== "true") return await instanceKeys(tools, signal);
  const message =
    "There are no AWS keys. Set auth.aws_access_key_id and auth.aws_secret_access_key, or give gw a role where it runs.";
  throw new SecretError("GW_SECRET_MISSING", message);
}

function roleOf({ roleSessionName, region, stsEndpoint }: AwsSettings, arn: string): Role {
  return { arn, sessionName: roleSessionName, region, endpoint: stsEndpoint };
}
