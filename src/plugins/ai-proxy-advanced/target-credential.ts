import { withDeadline } from "../../core/abort.ts";
import { SecretError } from "../../core/errors.ts";
import type { UpstreamRequest } from "../../core/http-message.ts";
import type { Secret } from "../../core/secret.ts";
import type { CredentialPlace } from "../../llm/provider.ts";

/** A credential that goes into a place of the request. */
export interface PlacedCredential {
  readonly place: CredentialPlace;
  readonly secret: Secret;
}

/** A credential that never leaves: the whole request, as it goes out, is signed with it. */
export interface SigningCredential {
  readonly place: undefined;
  sign(request: UpstreamRequest): UpstreamRequest;
}

/** A credential whose secrets are at hand. */
export type ReadyCredential = PlacedCredential | SigningCredential;

/** What proves to a target's provider who is asking. */
export interface TargetCredential {
  readonly location: CredentialPlace["in"];
  /** The name as configured, which may be a reference. */
  readonly configuredName: string;
  /** The reference of the value; undefined where there is none. */
  readonly reference: string | undefined;
  /** Whether another value may come of asking when this one is refused. */
  readonly isRenewable: boolean;
  /** At once; undefined when it has to be waited for. Throws SecretError GW_SECRET_UNUSABLE. */
  peek(): ReadyCredential | undefined;
  /** Waits two seconds at most; throws SecretError. */
  resolve(): Promise<ReadyCredential>;
  /** What to send instead of `refused`, which the provider did not accept: `refused` itself when there is no other. Rejects never. */
  renew(refused: ReadyCredential): Promise<ReadyCredential>;
}

/** A request waits no longer for a vault or a cloud. */
export const RESOLVE_MS = 2000;

/** Rejects with what `work` rejects with, or with a SecretError that begins with `shown` when that takes too long. */
export async function resolveInTime<T>(
  shown: string,
  fix: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  return await withDeadline(RESOLVE_MS, undefined, work).catch((error: unknown) => {
    if (!(error instanceof DOMException && error.name === "TimeoutError")) throw error;
    throw new SecretError("GW_SECRET_UNREACHABLE", `${shown} was not read within ${RESOLVE_MS} ms. ${fix}`);
  });
}
