import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import type { IdentitySettings } from "../../credentials/cloud-credentials.ts";

type Target = AiProxyAdvancedConfig["targets"][number];
type Auth = NonNullable<Target["auth"]>;

/** A target, or the embedding model. */
export interface CloudUser {
  readonly model: {
    readonly provider: string;
    readonly options?: Pick<NonNullable<Target["model"]["options"]>, "bedrock"> | undefined;
  };
  readonly auth?: Auth | undefined;
}

/** Whom requests come from in the provider's cloud; undefined when `auth` says it otherwise. */
export function cloudIdentityOf({ model, auth }: CloudUser): IdentitySettings | undefined {
  switch (model.provider) {
    case "bedrock":
      // A Bedrock API key is a header; everything else is signed, if only with what the machine offers.
      return auth?.header_name === undefined && auth?.param_name === undefined ? awsIdentity(model, auth) : undefined;
    case "gemini":
      return auth?.gcp_use_service_account === true || auth?.gcp_service_account_json !== undefined
        ? gcpIdentity(auth)
        : undefined;
    case "azure":
      return auth !== undefined && usesAzureIdentity(auth) ? azureIdentity(auth) : undefined;
    default:
      return undefined;
  }
}

function usesAzureIdentity(auth: Auth): boolean {
  const { azure_client_id: id, azure_client_secret: secret, azure_tenant_id: tenant } = auth;
  return auth.azure_use_managed_identity || (id !== undefined && secret !== undefined && tenant !== undefined);
}

function awsIdentity({ options }: CloudUser["model"], auth: Auth | undefined): IdentitySettings {
  const { bedrock } = options ?? {};
  return {
    cloud: "aws",
    region: bedrock?.aws_region ?? "us-east-1",
    accessKeyId: auth?.aws_access_key_id,
    secretAccessKey: auth?.aws_secret_access_key,
    assumeRoleArn: bedrock?.aws_assume_role_arn,
    roleSessionName: bedrock?.aws_role_session_name,
    stsEndpoint: bedrock?.aws_sts_endpoint_url,
  };
}

function gcpIdentity(auth: Auth): IdentitySettings {
  return {
    cloud: "gcp",
    serviceAccountJson: auth.gcp_service_account_json,
    metadataUrl: auth.gcp_metadata_url,
    tokenUrl: auth.gcp_oauth_token_url,
  };
}

function azureIdentity(auth: Auth): IdentitySettings {
  return {
    cloud: "azure",
    clientId: auth.azure_client_id,
    clientSecret: auth.azure_client_secret,
    tenantId: auth.azure_tenant_id,
  };
}
