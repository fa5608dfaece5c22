import type { JsonObject } from "../core/json.ts";
import { Secret } from "../core/secret.ts";
import { unusable } from "./ask.ts";
import type { Issued } from "./identity.ts";

/** The `access_token` of an OAuth answer (RFC 6749, 5.1), with its scheme. Azure writes the seconds as text. Throws SecretError. */
export function bearerOf(
  who: string,
  { access_token: token, expires_in: expiresIn, expires_on: expiresOn }: JsonObject,
  now: number,
): Issued {
  if (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token))
    return unusable(`The answer of ${who} holds no access_token.`);
  const ttlMs = expiresIn === undefined ? 1000 * Number(expiresOn) - now : 1000 * Number(expiresIn);
  if (!(ttlMs > 0)) return unusable(`The token that ${who} gave has expired. Check the clock of this machine.`);
  return { secret: new Secret(`Bearer ${token}`), ttlMs };
}
