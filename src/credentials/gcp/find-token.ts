import { askJson, type CredentialTools, getRequest, readNamedFile } from "../ask.ts";
import { bearerOf } from "../bearer.ts";
import type { Issued } from "../identity.ts";
import { serviceAccountToken } from "./service-account.ts";

export interface GcpSettings {
  readonly cloud: "gcp";
  /** The JSON key of a service account, or what the environment offers. All three may be references. */
  readonly serviceAccountJson: string | undefined;
  /** URL of the metadata server. */
  readonly metadataUrl: string | undefined;
  readonly tokenUrl: string | undefined;
}

/** A token with its scheme. A key that is configured, in Kong's variable or in Google's file; else that of the machine. Throws SecretError. */
export async function findGcpToken(
  tools: CredentialTools,
  settings: GcpSettings,
  signal: AbortSignal,
): Promise<Issued> {
  const { material } = tools;
  const read = async (text: string | undefined): Promise<string | undefined> =>
    text === undefined ? undefined : await material.read(text, signal);
  const key = (await configuredKey(read, settings)) ?? (await offeredKey(tools));
  if (key === undefined) return await machineToken(tools, await read(settings.metadataUrl), signal);
  return await serviceAccountToken(tools, { ...key, tokenUrl: await read(settings.tokenUrl) }, signal);
}

interface Key {
  readonly json: string;
  readonly where: string;
}

async function configuredKey(
  read: (text: string | undefined) => Promise<string | undefined>,
  { serviceAccountJson }: GcpSettings,
): Promise<Key | undefined> {
  const json = await read(serviceAccountJson);
  return json === undefined ? undefined : { json, where: "auth.gcp_service_account_json" };
}

async function offeredKey({ environment }: CredentialTools): Promise<Key | undefined> {
  const { GCP_SERVICE_ACCOUNT: json, GOOGLE_APPLICATION_CREDENTIALS: path } = environment;
  if (json !== undefined) return { json, where: "GCP_SERVICE_ACCOUNT" };
  if (path === undefined) return undefined;
  const where = "GOOGLE_APPLICATION_CREDENTIALS";
  return { json: await readNamedFile(where, path), where };
}

/** https://cloud.google.com/compute/docs/access/authenticate-workloads#applications */
async function machineToken(
  tools: CredentialTools,
  configured: string | undefined,
  signal: AbortSignal,
): Promise<Issued> {
  const who = "Google's metadata server";
  const host = tools.environment["GCE_METADATA_HOST"] ?? "metadata.google.internal";
  const server = (configured ?? `http://${host}`).replace(/\/+$/, "");
  const path = "/computeMetadata/v1/instance/service-accounts/default/token";
  const url = server.includes("/computeMetadata/") ? server : `${server}${path}`;
  const answer = await askJson(tools, who, getRequest(url, ["metadata-flavor", "Google"]), signal);
  return bearerOf(who, answer, tools.clock.now());
}
