import { type HcvFailure, takeFailure } from "./failure.ts";

/** The part of hashi-vault-js that is used, with the types that its declarations leave out. */
export interface HcvClient {
  instance(request: HcvRequest): Promise<{ readonly data: unknown }>;
  /** Answers what stands in `data` of Vault's answer: the secret and its metadata. */
  readKVSecret(token: string, name: string, version: number | undefined, mount: string): Promise<unknown>;
  /** Answers what stands in `auth`. */
  loginWithAppRole(roleId: string, secretId: string, mount: string): Promise<unknown>;
  lookupSelfToken(token: string): Promise<unknown>;
}

interface HcvRequest {
  readonly url: string;
  readonly method: "get";
  readonly headers: Readonly<Record<string, string>>;
}

export type HcvAnswer =
  | { readonly isDone: true; readonly data: unknown }
  | { readonly isDone: false; readonly failure: HcvFailure };

/** The only way to call the client: its errors carry credentials, and end here. */
export async function attempt(call: () => Promise<unknown>): Promise<HcvAnswer> {
  try {
    return { isDone: true, data: await call() };
  } catch (thrown) {
    return { isDone: false, failure: takeFailure(thrown) };
  }
}
