import { createVerify, generateKeyPairSync } from "node:crypto";
import { markSecret } from "./secrecy.ts";
import type { Clock } from "../../src/core/clock.ts";
import { type FakeUpstream, type ReceivedRequest, startFakeUpstream } from "./fake-upstream.ts";
import { isSignedBy } from "./verify-signature.ts";

/** What gw has to prove itself with at the fake clouds. */
export const cloudKeys = {
  aws: { id: "AKIDPLANTED", secret: markSecret("an AWS key", "planted/aws+secret=7Kq") },
  azure: {
    id: "11111111-app",
    tenant: "22222222-tenant",
    secret: markSecret("an Azure secret", "planted~azure.secret-9"),
  },
};

const pair = generateKeyPairSync("rsa", {
  modulusLength: 2048,
  publicKeyEncoding: { type: "spki", format: "pem" },
  privateKeyEncoding: { type: "pkcs8", format: "pem" },
});

/** The JSON key of a service account, as Google's console writes it. */
export const serviceAccount = JSON.stringify({
  type: "service_account",
  project_id: "project",
  private_key_id: "key-1",
  private_key: pair.privateKey,
  client_email: "gw@project.iam.gserviceaccount.com",
  token_uri: "https://oauth2.googleapis.com/token",
});

/** The credential services of AWS, Google and Azure on one loopback server, which checks what it is sent as they do. */
export interface FakeCloud {
  /** Where each service is dialled. */
  readonly connectTo: ReadonlyMap<string, URL>;
  /** The services that issued something, in order. */
  readonly issued: readonly string[];
  readonly server: FakeUpstream;
  /** Every answer is this instead. */
  refusal: { readonly status: number; readonly body: string } | undefined;
  /** Of what is issued from now on, in seconds. */
  lifeS: number;
  close(): Promise<void>;
}

const authorities = [
  "sts.eu-west-1.amazonaws.com:443",
  "169.254.169.254:80",
  "169.254.170.2:80",
  "oauth2.googleapis.com:443",
  "metadata.google.internal:80",
  "login.microsoftonline.com:443",
];

type Issue = (request: ReceivedRequest, number: number) => string | undefined;

export async function startFakeCloud(clock: Clock): Promise<FakeCloud> {
  const issued: string[] = [];
  const server = await startFakeUpstream({ reply });
  const url = new URL(server.origin);
  const cloud: FakeCloud = {
    connectTo: new Map(authorities.map((authority) => [authority, url])),
    issued,
    server,
    refusal: undefined,
    lifeS: 3600,
    close: async () => await server.close(),
  };

  function reply(request: ReceivedRequest): void {
    if (cloud.refusal !== undefined) return request.answer(cloud.refusal.status, {}, cloud.refusal.body);
    const service = `${String(request.headers["host"])} ${request.method} ${request.path.split("?")[0]}`;
    const answer = services[service]?.(request, issued.length + 1);
    if (answer === undefined) return request.answer(400, {}, '{"error":"invalid_request"}');
    if (!quiet.has(service)) issued.push(service);
    request.answer(200, {}, answer);
  }

  const expiration = (): string => new Date(clock.now() + cloud.lifeS * 1000).toISOString();
  const keys = (number: number): string =>
    JSON.stringify({
      Code: "Success",
      AccessKeyId: `ASIA${number}`,
      SecretAccessKey: `issued-${number}`,
      Token: `session-${number}`,
      Expiration: expiration(),
    });
  const token = (number: number): string =>
    JSON.stringify({ access_token: `token-${number}`, expires_in: cloud.lifeS, token_type: "Bearer" });
  const services: Readonly<Record<string, Issue>> = {
    "sts.eu-west-1.amazonaws.com POST /": (request, number) => role(request, number, expiration()),
    "169.254.169.254 PUT /latest/api/token": ({ headers }) =>
      headers["x-aws-ec2-metadata-token-ttl-seconds"] === undefined ? undefined : "imds-session",
    "169.254.169.254 GET /latest/meta-data/iam/security-credentials/": withSession(() => "the-role\n"),
    "169.254.169.254 GET /latest/meta-data/iam/security-credentials/the-role": withSession((_, number) => keys(number)),
    "169.254.170.2 GET /v2/credentials/1": (_, number) => keys(number),
    "oauth2.googleapis.com POST /token": (request, number) => (isAsserted(request, clock) ? token(number) : undefined),
    "metadata.google.internal GET /computeMetadata/v1/instance/service-accounts/default/token": (
      { headers },
      number,
    ) => (headers["metadata-flavor"] === "Google" ? token(number) : undefined),
    [`login.microsoftonline.com POST /${cloudKeys.azure.tenant}/oauth2/v2.0/token`]: (request, number) =>
      isApplication(request) ? token(number) : undefined,
    "169.254.169.254 GET /metadata/identity/oauth2/token": ({ headers, path }, number) =>
      headers["metadata"] === "true" && path.includes("resource=https%3A%2F%2Fcognitiveservices.azure.com")
        ? JSON.stringify({ access_token: `token-${number}`, expires_in: String(cloud.lifeS) })
        : undefined,
  };
  return cloud;
}

/** Steps on the way, not what is issued in the end. */
const quiet: ReadonlySet<string> = new Set([
  "169.254.169.254 PUT /latest/api/token",
  "169.254.169.254 GET /latest/meta-data/iam/security-credentials/",
]);

function withSession(issue: Issue): Issue {
  return (request, number) =>
    request.headers["x-aws-ec2-metadata-token"] === "imds-session" ? issue(request, number) : undefined;
}

function role(request: ReceivedRequest, number: number, expiration: string): string | undefined {
  const form = formOf(request);
  const action = form.get("Action") ?? "";
  const isProved =
    action === "AssumeRoleWithWebIdentity"
      ? form.get("WebIdentityToken") === "web-identity"
      : isSignedBy(cloudKeys.aws.secret, request);
  if (!isProved || form.get("RoleArn") !== "arn:aws:iam::1:role/gw" || form.get("RoleSessionName") === null)
    return undefined;
  return `<${action}Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><${action}Result><Credentials>
    <AccessKeyId>ASIA${number}</AccessKeyId><SecretAccessKey>issued-${number}</SecretAccessKey>
    <SessionToken>session-${number}</SessionToken><Expiration>${expiration}</Expiration>
  </Credentials></${action}Result></${action}Response>`;
}

function isAsserted(request: ReceivedRequest, clock: Clock): boolean {
  const form = formOf(request);
  const [header = "", claims = "", signature = ""] = (form.get("assertion") ?? "").split(".");
  const said = JSON.parse(Buffer.from(claims, "base64url").toString()) as Readonly<Record<string, unknown>>;
  const now = Math.floor(clock.now() / 1000);
  return (
    form.get("grant_type") === "urn:ietf:params:oauth:grant-type:jwt-bearer" &&
    said["iss"] === "gw@project.iam.gserviceaccount.com" &&
    said["aud"] === "https://oauth2.googleapis.com/token" &&
    said["scope"] === "https://www.googleapis.com/auth/cloud-platform" &&
    said["iat"] === now &&
    said["exp"] === now + 3600 &&
    createVerify("RSA-SHA256").update(`${header}.${claims}`).verify(pair.publicKey, signature, "base64url")
  );
}

function isApplication(request: ReceivedRequest): boolean {
  const form = formOf(request);
  const { id, secret } = cloudKeys.azure;
  const isProved = form.get("client_secret") === secret || form.get("client_assertion") === "web-identity";
  return (
    isProved &&
    form.get("client_id") === id &&
    form.get("grant_type") === "client_credentials" &&
    form.get("scope") === "https://cognitiveservices.azure.com/.default"
  );
}

function formOf({ body }: ReceivedRequest): URLSearchParams {
  return new URLSearchParams(body.toString());
}
