import { SecretError } from "../../../core/errors.ts";
import { isJsonObject } from "../../../core/json.ts";
import { Secret } from "../../../core/secret.ts";
import type { OwnSecret } from "../../own-secret.ts";

export interface OAuthClient {
  readonly endpoint: string;
  readonly id: OwnSecret;
  readonly secret: OwnSecret;
  /** Separated by commas. */
  readonly audiences: string | undefined;
}

/** Client credentials grant (RFC 6749, 4.4): the token that Vault's JWT login is to get. Throws SecretError, without the provider's words. */
export async function fetchOAuthToken(client: OAuthClient, signal: AbortSignal): Promise<Secret> {
  const [id, secret] = await Promise.all([client.id.read(signal), client.secret.read(signal)]);
  const body = new URLSearchParams({
    grant_type: "client_credentials",
    client_id: id.reveal(),
    client_secret: secret.reveal(),
  });
  for (const audience of client.audiences?.split(",") ?? []) body.append("audience", audience.trim());
  const answer = await post(client.endpoint, body, signal);
  const token = isJsonObject(answer) ? answer["access_token"] : undefined;
  if (typeof token === "string" && token !== "") return new Secret(token);
  throw failed(client.endpoint, "gave no access_token");
}

async function post(endpoint: string, body: URLSearchParams, signal: AbortSignal): Promise<unknown> {
  let status = 0;
  try {
    const response = await fetch(endpoint, { method: "POST", body, signal, redirect: "error" });
    status = response.status;
    if (status === 200) return await response.json();
  } catch {
    signal.throwIfAborted();
    throw failed(endpoint, status === 200 ? "gave an answer that is not JSON" : "could not be reached");
  }
  throw failed(endpoint, `answered with status ${status}`);
}

function failed(endpoint: string, problem: string): SecretError {
  const { origin } = URL.canParse(endpoint) ? new URL(endpoint) : { origin: "oauth2_token_endpoint" };
  const message = `The token endpoint ${origin} ${problem}. Check oauth2_token_endpoint, oauth2_client_id and oauth2_client_secret.`;
  return new SecretError("GW_SECRET_DENIED", message, { vault: "hcv" });
}
