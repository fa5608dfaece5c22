import type { Draft, Finding } from "../draft.ts";
import type { CollectionName } from "../types.ts";
import { warning } from "./finding.ts";

/** What is stored and comes back from `gw dump`, and has no effect on requests. */
const NOT_RUN: Readonly<Partial<Record<CollectionName, string>>> = {
  certificates: "gw serves TLS with the certificate of its flags",
  ca_certificates: "gw trusts the authorities of the system",
  hmacauth_credentials: "gw does not run the plugin hmac-auth",
  oauth2_credentials: "gw does not run the plugin oauth2",
  mtls_auth_credentials: "gw does not run the plugin mtls-auth",
};

export function checkIsRun({ collection }: Draft): readonly Finding[] {
  const reason = NOT_RUN[collection];
  return reason === undefined ? [] : [warning("not-run", `is kept and has no effect: ${reason}.`, [])];
}
