import { readFile } from "node:fs/promises";
import { SecretError } from "../../../core/errors.ts";
import { isJsonObject } from "../../../core/json.ts";
import { Secret } from "../../../core/secret.ts";
import { attempt, type HcvClient } from "./client.ts";
import { loginError, unusableAnswer } from "./failure.ts";
import type { FilePath, HcvLogin, HcvSettings } from "./settings.ts";

/** Where the token comes from: the configuration, or a login whose token is kept until it is refused. */
export interface HcvLoginSession {
  /** Another token can be had by logging in again. */
  readonly isRenewable: boolean;
  /** Throws SecretError when the login fails. Callers that come while a login is under way wait for the same one. */
  token(): Promise<Secret>;
  /** The token was refused; the next call of `token` logs in. Another token than the current one is ignored. */
  forget(token: Secret): void;
}

export function createLogin({ origin, login }: HcvSettings, connect: () => HcvClient): HcvLoginSession {
  if (login.method === "token") return { isRenewable: false, token: async () => login.token, forget() {} };
  let current: Secret | undefined;
  let flight: Promise<Secret> | undefined;
  const enter = async (): Promise<Secret> => {
    current = await logIn(origin, login, connect());
    return current;
  };
  return {
    isRenewable: true,
    async token() {
      if (current !== undefined) return current;
      flight ??= enter().finally(() => {
        flight = undefined;
      });
      return await flight;
    },
    forget(token) {
      if (current === token) current = undefined;
    },
  };
}

async function logIn(origin: string, login: HcvLogin & { method: "approle" }, client: HcvClient): Promise<Secret> {
  const action = { origin, path: `${login.mount}/login` };
  const secretId = await readSecretId(login.secretId);
  const answer = await attempt(() => client.loginWithAppRole(login.roleId.reveal(), secretId.reveal(), login.mount));
  if (!answer.isDone) throw loginError(answer.failure, action);
  const token = isJsonObject(answer.data) ? answer.data["client_token"] : undefined;
  if (typeof token !== "string" || token === "") throw unusableAnswer(action);
  return new Secret(token);
}

async function readSecretId(source: Secret | FilePath): Promise<Secret> {
  if (source instanceof Secret) return source;
  try {
    return new Secret((await readFile(source.file, "utf8")).trim());
  } catch (thrown) {
    const code = (thrown as NodeJS.ErrnoException).code ?? "unreadable";
    const message = `no value found: approle_secret_id_file ${source.file} cannot be read (${code}). Make it readable for gw.`;
    throw new SecretError("GW_SECRET_MISSING", message, { vault: "hcv", code });
  }
}
