import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import type { Notice } from "../../../src/core/notice.ts";
import { unpackKeys } from "../../../src/credentials/aws/keys.ts";
import {
  createCloudCredentials,
  type IdentitySettings,
  type OpenCloudCredentials,
} from "../../../src/credentials/cloud-credentials.ts";
import { createUpstream } from "../../../src/upstream/create-upstream.ts";
import type { Upstream } from "../../../src/upstream/upstream.ts";
import { createFakeClock, type FakeClock } from "../../support/fake-clock.ts";
import { cloudKeys, type FakeCloud, serviceAccount, startFakeCloud } from "../../support/fake-cloud.ts";
import { expectNoSecretHeard, hear } from "../../support/secrecy.ts";
import { tempDir } from "../../support/temp-dir.ts";

const aws = {
  cloud: "aws",
  region: "eu-west-1",
  accessKeyId: undefined,
  secretAccessKey: undefined,
  assumeRoleArn: undefined,
  roleSessionName: undefined,
  stsEndpoint: undefined,
} as const;
const gcp = { cloud: "gcp", serviceAccountJson: undefined, metadataUrl: undefined, tokenUrl: undefined } as const;
const azure = { cloud: "azure", clientId: undefined, clientSecret: undefined, tenantId: undefined } as const;
const ownKeys = { accessKeyId: cloudKeys.aws.id, secretAccessKey: cloudKeys.aws.secret };
const roleArn = "arn:aws:iam::1:role/gw";
const application = {
  ...azure,
  clientId: cloudKeys.azure.id,
  clientSecret: cloudKeys.azure.secret,
  tenantId: cloudKeys.azure.tenant,
};

let clock: FakeClock;
let cloud: FakeCloud;
let upstream: Upstream;
let vault: Map<string, Secret>;
let notices: Notice[];
const open: OpenCloudCredentials[] = [];

beforeEach(async () => {
  clock = createFakeClock();
  cloud = await startFakeCloud(clock);
  upstream = createUpstream({ connectTo: cloud.connectTo });
  vault = new Map();
  notices = [];
});

afterEach(async () => {
  for (const credentials of open.splice(0)) credentials.close();
  await upstream.close();
  await cloud.close();
  expectNoSecretHeard();
});

function credentials(
  environment: Record<string, string> = {},
  predecessor?: OpenCloudCredentials,
): OpenCloudCredentials {
  const lookUp = async (reference: string): Promise<Secret> => vault.get(reference) ?? new Secret("");
  const made = createCloudCredentials({
    upstream,
    secrets: { resolve: lookUp, renew: lookUp },
    environment,
    clock,
    random: () => 0,
    notify: (notice) => notices.push(notice),
    predecessor,
  });
  open.push(made);
  return made;
}

async function issue(settings: IdentitySettings, environment?: Record<string, string>): Promise<string> {
  return (await credentials(environment).identity(settings).resolve()).reveal();
}

function issuedKeys(number: number): string {
  return JSON.stringify([`ASIA${number}`, `issued-${number}`, `session-${number}`]);
}

function tokenFile(): string {
  const path = join(tempDir(), "token");
  writeFileSync(path, "web-identity\n");
  return path;
}

describe("AWS", () => {
  test.each<[string, IdentitySettings, () => Record<string, string>, string]>([
    [
      "keys of the configuration",
      { ...aws, ...ownKeys },
      () => ({}),
      JSON.stringify([...Object.values(ownKeys), null]),
    ],
    [
      "keys of the environment",
      aws,
      () => ({ AWS_ACCESS_KEY_ID: "A", AWS_SECRET_ACCESS_KEY: "B", AWS_SESSION_TOKEN: "C" }),
      '["A","B","C"]',
    ],
    ["a role for the keys", { ...aws, ...ownKeys, assumeRoleArn: roleArn }, () => ({}), issuedKeys(1)],
    [
      "a role for a web identity",
      aws,
      () => ({ AWS_WEB_IDENTITY_TOKEN_FILE: tokenFile(), AWS_ROLE_ARN: roleArn }),
      issuedKeys(1),
    ],
    ["a container's role", aws, () => ({ AWS_CONTAINER_CREDENTIALS_RELATIVE_URI: "/v2/credentials/1" }), issuedKeys(1)],
    ["an instance's role", aws, () => ({}), issuedKeys(1)],
  ])("gives %s", async (_, settings, environment, expected) => {
    expect(await issue(settings, environment())).toBe(expected);
  });

  test("a role that is assumed by the instance's keys is asked for with them", async () => {
    await expect(issue({ ...aws, assumeRoleArn: roleArn })).rejects.toMatchObject({ code: "GW_SECRET_DENIED" });
    const asked = cloud.server.requests.at(-1);
    expect(asked?.headers).toMatchObject({ host: "sts.eu-west-1.amazonaws.com", "x-amz-security-token": "session-1" });
  });

  test("says what is missing where nothing offers keys", async () => {
    await expect(issue(aws, { AWS_EC2_METADATA_DISABLED: "true" })).rejects.toMatchObject({
      code: "GW_SECRET_MISSING",
      message: expect.stringContaining("auth.aws_access_key_id") as string,
    });
  });

  test("keys of a vault are looked at again when they are refused", async () => {
    vault.set("{vault://v/id}", new Secret("old-id"));
    vault.set("{vault://v/key}", new Secret("old-key"));
    const settings = { ...aws, accessKeyId: "{vault://v/id}", secretAccessKey: "{vault://v/key}" };
    const identity = credentials().identity(settings);
    const refused = await identity.resolve();
    expect(await identity.renew(refused)).toBe(refused);
    vault.set("{vault://v/key}", new Secret("new-key"));
    clock.advance(1000);
    expect(unpackKeys(await identity.renew(refused))).toMatchObject({ secretAccessKey: "new-key" });
  });
});

describe("Google", () => {
  test.each<[string, IdentitySettings, Record<string, string>]>([
    ["the configured service account", { ...gcp, serviceAccountJson: serviceAccount }, {}],
    ["the service account in Kong's variable", gcp, { GCP_SERVICE_ACCOUNT: serviceAccount }],
    ["the machine", gcp, {}],
    ["the machine, by a metadata server of one's own", { ...gcp, metadataUrl: "http://metadata.google.internal/" }, {}],
  ])("gives a token for %s", async (_, settings, environment) => {
    expect(await issue(settings, environment)).toBe("Bearer token-1");
  });

  test("a token URL of one's own is asked, and the assertion is still for Google", async () => {
    const tokenUrl = `${cloud.server.origin}/own`;
    await expect(issue({ ...gcp, serviceAccountJson: serviceAccount, tokenUrl })).rejects.toThrow("invalid_request");
    expect(cloud.server.requests.at(-1)?.path).toBe("/own");
  });

  test.each(["no JSON", "{}", JSON.stringify({ ...(JSON.parse(serviceAccount) as object), private_key: "none" })])(
    "refuses the key %#, without quoting it",
    async (serviceAccountJson) => {
      const error: unknown = await issue({ ...gcp, serviceAccountJson }).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: "GW_SECRET_UNUSABLE" });
      expect(inspect(error)).not.toContain("PRIVATE");
    },
  );
});

describe("Azure", () => {
  test.each<[string, IdentitySettings, () => Record<string, string>]>([
    ["an application", application, () => ({})],
    [
      "a federated workload",
      { ...application, clientSecret: undefined },
      () => ({ AZURE_FEDERATED_TOKEN_FILE: tokenFile() }),
    ],
    ["the machine", azure, () => ({})],
  ])("gives a token for %s", async (_, settings, environment) => {
    expect(await issue(settings, environment())).toBe("Bearer token-1");
  });

  test("one of several managed identities is named; App Service has a server of its own", async () => {
    const environment = { IDENTITY_ENDPOINT: `${cloud.server.origin}/msi`, IDENTITY_HEADER: "proof" };
    await expect(issue({ ...azure, clientId: "mine" }, environment)).rejects.toThrow("status 400");
    const { path, headers } = cloud.server.requests.at(-1) ?? {};
    expect(path).toMatch(/^\/msi\?api-version=2019-08-01&.*client_id=mine$/);
    expect(headers).toMatchObject({ "x-identity-header": "proof" });
  });
});

describe("every identity", () => {
  const settings = { ...gcp, serviceAccountJson: serviceAccount };

  test("is asked for once, by however many at a time, and then kept", async () => {
    const all = credentials();
    expect(all.identity(settings).peek()).toBeUndefined();
    const tokens = await Promise.all([1, 2, 3].map(async () => await all.identity({ ...settings }).resolve()));
    expect(new Set(tokens).size).toBe(1);
    expect(all.identity(settings).peek()).toBe(tokens[0]);
    expect(cloud.issued).toHaveLength(1);
  });

  test("is renewed before it expires, without a request waiting for it", async () => {
    const identity = credentials().identity(settings);
    await identity.resolve();
    clock.advance(0.9 * 3600 * 1000);
    await expect.poll(() => identity.peek()?.reveal()).toBe("Bearer token-2");
  });

  test("is served while its service is away, but never beyond its end", async () => {
    const identity = credentials().identity(settings);
    await identity.resolve();
    cloud.refusal = { status: 503, body: "" };
    clock.advance(0.95 * 3600 * 1000);
    await expect.poll(() => notices.map(({ code }) => code)).toContain("cloud-token-stale");
    expect(identity.peek()?.reveal()).toBe("Bearer token-1");
    clock.advance(0.05 * 3600 * 1000);
    expect(identity.peek()).toBeUndefined();
    await expect(identity.resolve()).rejects.toMatchObject({ code: "GW_SECRET_UNREACHABLE" });
    cloud.refusal = undefined;
    clock.advance(120_000);
    expect((await identity.resolve()).reveal()).toBe("Bearer token-2");
  });

  test("outlives a reload as long as it holds", async () => {
    const before = credentials();
    await before.identity(settings).resolve();
    const after = credentials({}, before);
    expect(after.identity(settings).peek()?.reveal()).toBe("Bearer token-1");
    clock.advance(3600 * 1000);
    expect(credentials({}, before).identity(settings).peek()).toBeUndefined();
  });

  test.each([
    [
      401,
      '{"error":"invalid_client","error_description":"planted~azure.secret-9"}',
      "GW_SECRET_DENIED",
      "(invalid_client)",
    ],
    [403, "<Error><Code>AccessDenied</Code></Error>", "GW_SECRET_DENIED", "(AccessDenied)"],
    [
      403,
      '{"error":{"status":"PERMISSION_DENIED","message":"planted~azure.secret-9"}}',
      "GW_SECRET_DENIED",
      "PERMISSION",
    ],
    [500, "planted~azure.secret-9", "GW_SECRET_UNREACHABLE", "status 500"],
    [200, "<html>planted~azure.secret-9</html>", "GW_SECRET_UNUSABLE", "not a JSON object"],
    [200, '{"access_token":"a b","expires_in":3600}', "GW_SECRET_UNUSABLE", "no access_token"],
    [200, '{"access_token":"x","expires_in":0}', "GW_SECRET_UNUSABLE", "has expired"],
  ])("says why it was not issued (%i, %s), in its own words", async (status, body, code, word) => {
    cloud.refusal = { status, body };
    const error: unknown = await issue(application).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code, message: expect.stringContaining(word) as string });
    hear(inspect(error, { depth: null }));
  });

  test("is not asked for again within a second of a failure, and nothing is asked after the end", async () => {
    cloud.refusal = { status: 500, body: "" };
    const all = credentials();
    const identity = all.identity(application);
    for (const _ of [1, 2]) await expect(identity.resolve()).rejects.toMatchObject({ code: "GW_SECRET_UNREACHABLE" });
    expect(cloud.server.requests).toHaveLength(1);
    all.close();
    expect(clock.waiting).toEqual([]);
  });
});
