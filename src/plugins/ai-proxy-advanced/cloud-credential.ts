import { withDeadline } from "../../core/abort.ts";
import type { Clock } from "../../core/clock.ts";
import type { Secret } from "../../core/secret.ts";
import { unpackKeys } from "../../credentials/aws/keys.ts";
import { signRequest } from "../../credentials/aws/sign.ts";
import type { CloudCredentials } from "../../credentials/cloud-credentials.ts";
import type { CloudIdentity } from "../../credentials/identity.ts";
import { type CloudUser, cloudIdentityOf } from "./cloud-identity.ts";
import { type ReadyCredential, RESOLVE_MS, resolveInTime, type TargetCredential } from "./target-credential.ts";

interface CloudServices {
  readonly cloud: CloudCredentials;
  readonly clock: Clock;
  /** `gw.refresh_on_401` of the target, else of the plugin. */
  readonly isRenewed: boolean;
}

/** What a cloud's own identity puts on requests; empty where `auth` asks for none. */
export function compileCloudCredential(user: CloudUser, services: CloudServices): readonly TargetCredential[] {
  const settings = cloudIdentityOf(user);
  if (settings === undefined) return [];
  const identity = services.cloud.identity(settings);
  const toReady = settings.cloud === "aws" ? signWith(settings.region, services.clock) : asAuthorization;
  return [new CloudCredential(identity, toReady, services.isRenewed)];
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
