import type { JsonObject } from "../../core/json.ts";
import { askJson, type CredentialTools, formRequest, getRequest, readNamedFile } from "../ask.ts";
import { bearerOf } from "../bearer.ts";
import type { Issued } from "../identity.ts";

export interface AzureSettings {
  readonly cloud: "azure";
  /** All three for an application; the first alone names one of several managed identities. May be references. */
  readonly clientId: string | undefined;
  readonly clientSecret: string | undefined;
  readonly tenantId: string | undefined;
}

/** What the token is for: Azure OpenAI and the other AI services. */
const RESOURCE = "https://cognitiveservices.azure.com";

/** A token with its scheme: of an application, of a federated workload (AKS), or of the machine's managed identity. Throws SecretError. */
export async function findAzureToken(
  tools: CredentialTools,
  settings: AzureSettings,
  signal: AbortSignal,
): Promise<Issued> {
  const read = async (text: string | undefined, variable: string): Promise<string | undefined> =>
    text === undefined ? tools.environment[variable] : await tools.material.read(text, signal);
  const [clientId, clientSecret, tenantId] = await Promise.all([
    read(settings.clientId, "AZURE_CLIENT_ID"),
    read(settings.clientSecret, "AZURE_CLIENT_SECRET"),
    read(settings.tenantId, "AZURE_TENANT_ID"),
  ]);
  if (clientId !== undefined && tenantId !== undefined) {
    const client = { id: clientId, tenant: tenantId };
    if (clientSecret !== undefined) return await grantToken(tools, client, { client_secret: clientSecret }, signal);
    const file = tools.environment["AZURE_FEDERATED_TOKEN_FILE"];
    if (file !== undefined) return await grantToken(tools, client, await federated(file), signal);
  }
  return await machineToken(tools, clientId, signal);
}

/** https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow */
async function grantToken(
  tools: CredentialTools,
  { id, tenant }: { readonly id: string; readonly tenant: string },
  proof: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<Issued> {
  const who = "Microsoft's token service";
  const host = (tools.environment["AZURE_AUTHORITY_HOST"] ?? "https://login.microsoftonline.com").replace(/\/+$/, "");
  const request = formRequest(`${host}/${encodeURIComponent(tenant)}/oauth2/v2.0/token`, {
    grant_type: "client_credentials",
    client_id: id,
    scope: `${RESOURCE}/.default`,
    ...proof,
  });
  return bearerOf(who, await askJson(tools, who, request, signal), tools.clock.now());
}

async function federated(file: string): Promise<Readonly<Record<string, string>>> {
  return {
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
    client_assertion: await readNamedFile("AZURE_FEDERATED_TOKEN_FILE", file),
  };
}

/**
 * https://learn.microsoft.com/entra/identity/managed-identities-azure-resources/how-to-use-vm-token; App Service and Functions have a server
 * of their own: https://learn.microsoft.com/azure/app-service/overview-managed-identity#rest-endpoint-reference.
 */
async function machineToken(
  tools: CredentialTools,
  clientId: string | undefined,
  signal: AbortSignal,
): Promise<Issued> {
  const who = "the server of Azure's managed identities";
  const { IDENTITY_ENDPOINT: endpoint, IDENTITY_HEADER: header } = tools.environment;
  const isService = endpoint !== undefined && header !== undefined;
  const query = new URLSearchParams({ "api-version": isService ? "2019-08-01" : "2018-02-01", resource: RESOURCE });
  if (clientId !== undefined) query.set("client_id", clientId);
  const request = isService
    ? getRequest(`${endpoint}?${query.toString()}`, ["x-identity-header", header])
    : getRequest(`http://169.254.169.254/metadata/identity/oauth2/token?${query.toString()}`, ["metadata", "true"]);
  const answer: JsonObject = await askJson(tools, who, request, signal);
  return bearerOf(who, answer, tools.clock.now());
}
