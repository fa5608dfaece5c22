import { Secret } from "../core/secret.ts";

/** An authentication scheme as RFC 9110 (11.1) spells it: a token, a space, and credentials. */
const SCHEME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+ +\S/;

/**
 * For the value of an `Authorization` header: a bare key gets the scheme `Bearer`, a value that names its scheme stays as it is.
 * Kong sends the value as it is stored, and its own guide stores bare keys, which providers refuse.
 */
export function addScheme(value: Secret): { readonly secret: Secret; readonly added: boolean } {
  const text = value.reveal();
  if (text === "" || SCHEME.test(text)) return { secret: value, added: false };
  return { secret: new Secret(`Bearer ${text}`), added: true };
}
