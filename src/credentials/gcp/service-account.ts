import { createPrivateKey, createSign, type KeyObject } from "node:crypto";
import { askJson, type CredentialTools, formRequest, parseJson, unusable } from "../ask.ts";
import { bearerOf } from "../bearer.ts";
import type { Issued } from "../identity.ts";

const WHO = "Google's token service";
const SCOPE = "https://www.googleapis.com/auth/cloud-platform";
/** The longest that Google grants, in seconds. */
const LIFE_S = 3600;

interface ServiceAccount {
  readonly email: string;
  readonly keyId: string | undefined;
  readonly key: KeyObject;
  readonly tokenUri: string;
}

/**
 * A token for a service account's JSON key: https://developers.google.com/identity/protocols/oauth2/service-account#httprest. `where` names
 * the key for messages. Throws SecretError.
 */
export async function serviceAccountToken(
  tools: CredentialTools,
  account: { readonly json: string; readonly where: string; readonly tokenUrl: string | undefined },
  signal: AbortSignal,
): Promise<Issued> {
  const parsed = parseAccount(account.json, account.where);
  const url = account.tokenUrl ?? parsed.tokenUri;
  const assertion = writeAssertion(parsed, Math.floor(tools.clock.now() / 1000));
  const request = formRequest(url, { grant_type: "urn:ietf:params:oauth:grant-type:jwt-bearer", assertion });
  return bearerOf(WHO, await askJson(tools, WHO, request, signal), tools.clock.now());
}

function parseAccount(json: string, where: string): ServiceAccount {
  const { type, client_email: email, private_key: key, private_key_id: keyId, token_uri: uri } = parseJson(json) ?? {};
  if (type !== "service_account" || typeof email !== "string" || typeof key !== "string")
    return unusable(`${where} is not the JSON key of a Google service account.`);
  return {
    email,
    key: parseKey(key, where),
    keyId: typeof keyId === "string" ? keyId : undefined,
    tokenUri: typeof uri === "string" ? uri : "https://oauth2.googleapis.com/token",
  };
}

/** OpenSSL's own error stays here: it may quote the key. */
function parseKey(pem: string, where: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    return unusable(`The private_key of ${where} cannot be read. Download the key again.`);
  }
}

/** A signed JWT (RFC 7523) in the only algorithm that Google takes. The token service is its audience, wherever it is reached. */
function writeAssertion({ email, keyId, key, tokenUri }: ServiceAccount, now: number): string {
  const header = { alg: "RS256", typ: "JWT", kid: keyId };
  const claims = { iss: email, scope: SCOPE, aud: tokenUri, iat: now, exp: now + LIFE_S };
  const signed = [header, claims].map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key, "base64url")}`;
}
