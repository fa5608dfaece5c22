import { createHash } from "node:crypto";
import type { Clock } from "../core/clock.ts";
import type { Notify } from "../core/notice.ts";
import type { SecretLookup } from "../secrets/lookup.ts";
import type { SourceValue } from "../secrets/source.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { CredentialTools } from "./ask.ts";
import { type AwsSettings, findAwsKeys } from "./aws/find-keys.ts";
import { type AzureSettings, findAzureToken } from "./azure/find-token.ts";
import { findGcpToken, type GcpSettings } from "./gcp/find-token.ts";
import { type CloudIdentity, type Issued, RenewedIdentity } from "./identity.ts";
import { Material } from "./material.ts";

export type IdentitySettings = AwsSettings | GcpSettings | AzureSettings;

/** The identities of one configuration: one for equal settings, whoever asks for it. */
export interface CloudCredentials {
  /** Asks nobody yet. AWS's secret is for `unpackKeys`, the others are values of the header Authorization. */
  identity(settings: IdentitySettings): CloudIdentity;
}

export interface CloudCredentialsOptions {
  readonly upstream: Pick<Upstream, "collect">;
  readonly secrets: Pick<SecretLookup, "resolve" | "renew">;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly notify: Notify;
  /** Those of the configuration before this one: tokens that still hold are not asked for again. */
  readonly predecessor?: OpenCloudCredentials | undefined;
}

export interface OpenCloudCredentials extends CloudCredentials {
  /** What has been issued, by a digest of its settings. */
  memory(): ReadonlyMap<string, SourceValue>;
  close(): void;
}

export function createCloudCredentials({ predecessor, ...options }: CloudCredentialsOptions): OpenCloudCredentials {
  const { clock, random, notify } = options;
  const identities = new Map<string, RenewedIdentity>();
  const closing = new AbortController();
  // Nothing else may hold the predecessor: each reload would keep all before it.
  const inherited = predecessor?.memory();

  function open(settings: IdentitySettings, key: string): RenewedIdentity {
    const material = new Material(options.secrets);
    const tools: CredentialTools = { ...options, material };
    const before = inherited?.get(key);
    return new RenewedIdentity({
      clock,
      random,
      material,
      closing: closing.signal,
      inherited: before !== undefined && clock.now() < before.readAt + before.ttlMs ? before : undefined,
      fetch: async (signal) => await find(tools, settings, signal),
      onStale: ({ code, message }) => notify({ code: "cloud-token-stale", message, details: { error_code: code } }),
    });
  }

  return {
    identity(settings) {
      const key = digest(settings);
      const identity = identities.get(key) ?? open(settings, key);
      identities.set(key, identity);
      return identity;
    },
    memory() {
      const values = [...identities].map(([key, { value }]): [string, SourceValue | undefined] => [key, value]);
      return new Map(values.filter((entry): entry is [string, SourceValue] => entry[1] !== undefined));
    },
    close() {
      closing.abort();
      for (const identity of identities.values()) identity.stop();
    },
  };
}

async function find(tools: CredentialTools, settings: IdentitySettings, signal: AbortSignal): Promise<Issued> {
  switch (settings.cloud) {
    case "aws":
      return await findAwsKeys(tools, settings, signal);
    case "gcp":
      return await findGcpToken(tools, settings, signal);
    default:
      return await findAzureToken(tools, settings, signal);
  }
}

/** Settings may hold a key in plain text. */
function digest(settings: IdentitySettings): string {
  return createHash("sha256").update(JSON.stringify(settings)).digest("base64url");
}
