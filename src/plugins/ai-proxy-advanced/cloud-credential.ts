import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import type { Clock } from "../../core/clock.ts";
import type { Secret } from "../../core/secret.ts";
import { unpackKeys } from "../../credentials/aws/keys.ts";
import { signRequest } from "../../credentials/aws/sign.ts";
import type { CloudCredentials, IdentitySettings } from "../../credentials/cloud-credentials.ts";
import type { CloudIdentity } from "../../credentials/identity.ts";
import { type ReadyCredential, RESOLVE_MS, resolveInTime, type TargetCredential } from "./target-credential.ts";
import { withDeadline } from "../../core/abort.ts";

type Target = AiProxyAdvancedConfig["targets"][number];
type Auth = NonNullable<Target["auth"]>;

interface CloudServices {
  readonly cloud: CloudCredentials;
  readonly clock: Clock;
  /** `gw.refresh_on_401` of the target, else of the plugin. */
  readonly isRenewed: boolean;
}

/** What a cloud's own identity puts on requests; empty for targets whose `auth` asks for none. */
export function compileCloudCredential(target: Target, services: CloudServices): readonly TargetCredential[] {
  const settings = cloudIdentityOf(target);
  if (settings === undefined) return [];
  const identity = services.cloud.identity(settings);
  const toReady = settings.cloud === "aws" ? signWith(settings.region, services.clock) : asAuthorization;
  return [new CloudCredential(identity, toReady, services.isRenewed)];
}

/** Whom a target's requests come from in its provider's cloud; undefined when `auth` says it otherwise. */
export function cloudIdentityOf({ model, auth }: Pick<Target, "model" | "auth">): IdentitySettings | undefined {
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

function awsIdentity({ options }: Target["model"], auth: Auth | undefined): IdentitySettings {
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

function asAuthorization(secret: Secret): ReadyCredential {
  return { place: { in: "header", name: "Authorization" }, secret };
}

/** The time is that of each request: a signature holds for minutes only. */
function signWith(region: string, clock: Clock): (secret: Secret) => ReadyCredential {
  return (secret) => {
    const keys = unpackKeys(secret);
    return {
      place: undefined,
      sign: (request) => signRequest(request, keys, { region, service: "bedrock", now: clock.now() }),
    };
  };
}

class CloudCredential implements TargetCredential {
  readonly location = "header";
  readonly configuredName = "Authorization";
  readonly reference = undefined;
  readonly isRenewable: boolean;
  readonly #identity: CloudIdentity;
  readonly #toReady: (secret: Secret) => ReadyCredential;
  #ready: { readonly credential: ReadyCredential; readonly secret: Secret } | undefined;

  constructor(identity: CloudIdentity, toReady: (secret: Secret) => ReadyCredential, isRenewable: boolean) {
    this.#identity = identity;
    this.#toReady = toReady;
    this.isRenewable = isRenewable;
  }

  peek(): ReadyCredential | undefined {
    const secret = this.#identity.peek();
    return secret && this.#prepare(secret);
  }

  async resolve(): Promise<ReadyCredential> {
    const work = async (): Promise<Secret> => await this.#identity.resolve();
    return this.#prepare(
      await resolveInTime("The credential of the cloud", "Check that gw can reach its server.", work),
    );
  }

  async renew(refused: ReadyCredential): Promise<ReadyCredential> {
    const ready = this.#ready;
    if (ready?.credential === refused) {
      const ask = async (): Promise<Secret> => await this.#identity.renew(ready.secret);
      await withDeadline(RESOLVE_MS, undefined, ask).catch(() => {});
    }
    return this.peek() ?? refused;
  }

  /** The same object as long as the secret is the same. */
  #prepare(secret: Secret): ReadyCredential {
    if (this.#ready?.secret !== secret) this.#ready = { credential: this.#toReady(secret), secret };
    return this.#ready.credential;
  }
}
