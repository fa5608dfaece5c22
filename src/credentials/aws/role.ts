import type { UpstreamRequest } from "../../core/http-message.ts";
import { ask, type CredentialTools, formRequest, readNamedFile, unusable } from "../ask.ts";
import type { Issued } from "../identity.ts";
import { type AwsKeys, holding } from "./keys.ts";
import { signRequest } from "./sign.ts";

/** A role, and where it is asked for. */
export interface Role {
  readonly arn: string;
  readonly sessionName: string | undefined;
  readonly region: string;
  /** URL of the token service; the region's own by default. */
  readonly endpoint: string | undefined;
}

const WHO = "AWS's token service";

/** Keys of the role for whoever holds `keys`: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html. Throws SecretError. */
export async function assumeRole(
  tools: CredentialTools,
  role: Role,
  keys: AwsKeys,
  signal: AbortSignal,
): Promise<Issued> {
  const request = roleRequest(role, { Action: "AssumeRole" });
  const scope = { region: role.region, service: "sts", now: tools.clock.now() };
  return await askForKeys(tools, signRequest(request, keys, scope), signal);
}

/** For a token that the platform (EKS) keeps in a file: https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html. */
export async function assumeRoleWithWebIdentity(
  tools: CredentialTools,
  role: Role,
  tokenFile: string,
  signal: AbortSignal,
): Promise<Issued> {
  const token = await readNamedFile("AWS_WEB_IDENTITY_TOKEN_FILE", tokenFile);
  const action = { Action: "AssumeRoleWithWebIdentity", WebIdentityToken: token };
  return await askForKeys(tools, roleRequest(role, action), signal);
}

function roleRequest(
  { arn, sessionName, region, endpoint }: Role,
  action: Readonly<Record<string, string>>,
): UpstreamRequest {
  const url = endpoint ?? `https://sts.${region}.${awsDomain(region)}/`;
  return formRequest(url, { ...action, Version: "2011-06-15", RoleArn: arn, RoleSessionName: sessionName ?? "gw" });
}

/** China's regions have a domain of their own. */
function awsDomain(region: string): string {
  return region.startsWith("cn-") ? "amazonaws.com.cn" : "amazonaws.com";
}

/** The answer is XML, whose values here need no unescaping. */
async function askForKeys(tools: CredentialTools, request: UpstreamRequest, signal: AbortSignal): Promise<Issued> {
  const text = await ask(tools, WHO, request, signal);
  const [id, key, token, expiration] = ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"].map(
    (name) => new RegExp(`<${name}>\\s*([^<]+?)\\s*</${name}>`).exec(text)?.[1],
  );
  if (id === undefined || key === undefined || token === undefined || expiration === undefined)
    return unusable(`The answer of ${WHO} holds no keys.`);
  return holding(WHO, { accessKeyId: id, secretAccessKey: key, sessionToken: token }, expiration, tools.clock.now());
}
