import type { Clock } from "../../../core/clock.ts";
import type { Notice, Notify } from "../../../core/notice.ts";
import type { Secret } from "../../../core/secret.ts";
import type { HcvClient } from "./client.ts";

/** Where the token for requests comes from. */
export interface HcvSession {
  /** Throws SecretError when there is none to be had. Callers that come while a login is under way wait for the same one. */
  token(signal: AbortSignal): Promise<Secret>;
  /** Vault says that `refused` has expired: another token, or undefined when there is none. Throws SecretError when a login fails. */
  replace(refused: Secret, signal: AbortSignal): Promise<Secret | undefined>;
  close(): void;
}

export interface SessionServices {
  /** Of Vault, for messages. */
  readonly origin: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly notify: Notify;
  /** A client whose requests end with the signal. */
  connect(signal: AbortSignal): Promise<HcvClient>;
  /** Aborted when the vault closes. */
  readonly closing: AbortSignal;
}

/** `leftMs`: milliseconds until the token has expired. */
export function expiryNotice(origin: string, leftMs: number): Notice {
  const seconds = Math.round(leftMs / 1000);
  return {
    code: "vault-token-expiring",
    message: `The token for Vault at ${origin} cannot be renewed and ends in ${seconds} s. Secrets that were read stay in use; give gw another token, or let it log in.`,
    details: { left_s: seconds },
  };
}
