import { SecretError } from "../../../core/errors.ts";
import { type HcvFailure, takeFailure } from "./failure.ts";

/** The part of hashi-vault-js that is used, with the types that its declarations leave out. What logins answer stands in `auth`. */
export interface HcvClient {
  instance(request: HcvRequest): Promise<{ readonly data: unknown }>;
  /** Answers what stands in `data` of Vault's answer: the secret and its metadata. */
  readKVSecret(token: string, name: string, version: number | undefined, mount: string): Promise<unknown>;
  loginWithAppRole(roleId: string, secretId: string, mount: string): Promise<unknown>;
  loginWithK8s(role: string, jwt: string, mount: string): Promise<unknown>;
  loginWithCert(role: string, mount: string): Promise<unknown>;
  /** The name goes into the URL as it is. */
  loginWithUserpass(name: string, password: string, mount: string): Promise<unknown>;
  /** The name goes into the URL as it is. */
  loginWithLdap(name: string, password: string, mount: string): Promise<unknown>;
  /** Answers what stands in `data`. */
  lookupSelfToken(token: string): Promise<unknown>;
  /** Answers what stands in `auth`. */
  renewSelfToken(token: string, increment: string | undefined): Promise<unknown>;
}

interface HcvRequest {
  readonly url: string;
  readonly method: "get" | "post";
  readonly headers?: Readonly<Record<string, string>>;
  readonly data?: unknown;
}

export type HcvAnswer =
  | { readonly isDone: true; readonly data: unknown }
  | { readonly isDone: false; readonly failure: HcvFailure };

/** The only way to call the client: its errors carry credentials, and end here. Throws SecretError, which gw itself has made. */
export async function attempt(call: () => Promise<unknown>): Promise<HcvAnswer> {
  try {
    return { isDone: true, data: await call() };
  } catch (thrown) {
    if (thrown instanceof SecretError) throw thrown;
    return { isDone: false, failure: takeFailure(thrown) };
  }
}
