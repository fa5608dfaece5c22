import { isJsonObject } from "../../../core/json.ts";
import { Secret } from "../../../core/secret.ts";
import type { HcvClient } from "./client.ts";

/**
 * Turns a wrapping token into the secret id that it wraps. That works once a token, so the secret id is kept for later logins, until
 * another wrapping token is given. The returned function throws what the client throws.
 */
export function unwrapOnce(): (client: HcvClient, wrapping: Secret) => Promise<Secret> {
  let last: { readonly wrapping: string; readonly secretId: Secret } | undefined;
  return async (client, wrapping) => {
    if (last?.wrapping === wrapping.reveal()) return last.secretId;
    const secretId = await unwrap(client, wrapping);
    last = { wrapping: wrapping.reveal(), secretId };
    return secretId;
  };
}

async function unwrap(client: HcvClient, wrapping: Secret): Promise<Secret> {
  const headers = { "X-Vault-Token": wrapping.reveal() };
  const { data } = await client.instance({ url: "sys/wrapping/unwrap", method: "post", headers });
  const wrapped = isJsonObject(data) && isJsonObject(data["data"]) ? data["data"] : {};
  const secretId = wrapped["secret_id"];
  return new Secret(typeof secretId === "string" ? secretId : "");
}
