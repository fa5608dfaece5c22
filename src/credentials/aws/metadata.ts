import { ask, type CredentialTools, getRequest, putRequest, readNamedFile, unusable } from "../ask.ts";
import type { Issued } from "../identity.ts";
import { issuedKeys } from "./keys.ts";

/** Version 2 of the instance metadata: https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/instancedata-data-retrieval.html. Throws SecretError. */
export async function instanceKeys(tools: CredentialTools, signal: AbortSignal): Promise<Issued> {
  const who = "the metadata service of AWS instances";
  const origin = (tools.environment["AWS_EC2_METADATA_SERVICE_ENDPOINT"] ?? "http://169.254.169.254").replace(
    /\/+$/,
    "",
  );
  const longest = ["x-aws-ec2-metadata-token-ttl-seconds", "21600"];
  const session = await ask(tools, who, putRequest(`${origin}/latest/api/token`, longest), signal);
  const proof = ["x-aws-ec2-metadata-token", session.trim()];
  const roles = `${origin}/latest/meta-data/iam/security-credentials/`;
  const [role = ""] = (await ask(tools, who, getRequest(roles, proof), signal)).trim().split("\n");
  if (role === "") return unusable("This AWS instance has no role: attach an instance profile to it.");
  const text = await ask(tools, who, getRequest(`${roles}${encodeURIComponent(role)}`, proof), signal);
  return issuedKeys(who, text, tools.clock.now());
}

/** ECS and EKS: https://docs.aws.amazon.com/sdkref/latest/guide/feature-container-credentials.html. Throws SecretError. */
export async function containerKeys(tools: CredentialTools, url: string, signal: AbortSignal): Promise<Issued> {
  const who = "the credential service of AWS containers";
  const { AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: file, AWS_CONTAINER_AUTHORIZATION_TOKEN: text } = tools.environment;
  const token = file === undefined ? text : await readNamedFile("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", file);
  const answer = await ask(tools, who, getRequest(url, token === undefined ? [] : ["authorization", token]), signal);
  return issuedKeys(who, answer, tools.clock.now());
}
