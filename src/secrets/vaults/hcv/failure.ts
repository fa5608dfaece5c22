import { SecretError } from "../../../core/errors.ts";
import { isJsonObject } from "../../../core/json.ts";

/**
 * What may be kept of an error of hashi-vault-js: the error itself carries the token in its request headers and the secret id in its
 * body, so nothing else of it travels, not even as a cause.
 */
export interface HcvFailure {
  /** HTTP status, absent when Vault did not answer. */
  readonly status: number | undefined;
  /** Code of Node, OpenSSL or the HTTP client: `ECONNREFUSED`. */
  readonly code: string | undefined;
  readonly isSealed: boolean;
  readonly isDeleted: boolean;
  /** Vault knows the login and refuses what it was given: a path that does not exist is only "permission denied". */
  readonly isLoginRefusal: boolean;
  /** Vault says that the path is one of the other version of the key-value engine, or of no engine. */
  readonly isWrongEngine: boolean;
}

/** What was tried, for messages: names and paths only. */
export interface HcvAction {
  readonly origin: string;
  readonly path: string;
}

export function takeFailure(thrown: unknown): HcvFailure {
  const { response, code } = (thrown ?? {}) as { response?: { status?: unknown; data?: unknown }; code?: unknown };
  const body = isJsonObject(response?.data) ? response.data : {};
  const remarks = JSON.stringify([body["errors"], body["warnings"]]);
  return {
    status: typeof response?.status === "number" ? response.status : undefined,
    code: typeof code === "string" && /^[A-Z0-9_]+$/.test(code) ? code : undefined,
    isSealed: response?.status === 503 && remarks.includes("sealed"),
    isLoginRefusal: !/^\[\["permission denied"\],?(null)?\]$/.test(remarks),
    isDeleted: isJsonObject(body["data"]) && isJsonObject(body["data"]["metadata"]),
    isWrongEngine: remarks.includes("no handler for route") || remarks.includes("versioned K/V"),
  };
}

export function readError(failure: HcvFailure, action: HcvAction): SecretError {
  switch (failure.status) {
    case 403:
      return deniedError("policy", failure, action);
    case 404:
      return missing(describeMissing(failure), failure, action);
    default:
      return unreachable(describe(failure), failure, action);
  }
}

/** How a login is described to the user, and what is to be checked. */
interface LoginWords {
  readonly title: string;
  readonly advice: string;
  readonly pathField: string;
}

/** Wrong credentials are answered with 400, by some logins with 403; a path without such a login with 403 or 404. */
export function loginError(failure: HcvFailure, action: HcvAction, login: LoginWords): SecretError {
  const { title, advice, pathField } = login;
  const isAbsent = failure.status === 404 || (failure.status === 403 && !failure.isLoginRefusal);
  if (isAbsent) {
    const problem = `there is no ${title} login at ${action.path}. Check ${pathField} and namespace`;
    return denied(problem, failure, action);
  }
  if (failure.status === 400 || failure.status === 403) {
    return denied(`the ${title} login was refused. ${advice}`, failure, action);
  }
  return unreachable(describe(failure), failure, action);
}

const DENIALS = {
  expired: () =>
    "the token has expired, was revoked or is wrong (or it may not even look itself up). Give gw a new one, or log in by AppRole",
  policy: (path: string) =>
    `the policies of the token do not allow to read ${path}. Add one with the capability "read"`,
  unknown: (path: string) => `the token has expired, or its policies do not allow to read ${path}. Check both`,
} as const;

export function deniedError(reason: keyof typeof DENIALS, failure: HcvFailure, action: HcvAction): SecretError {
  return denied(DENIALS[reason](action.path), failure, action);
}

/** For an answer with status 200 that holds no secret, such as a proxy's page. */
export function unusableAnswer(action: HcvAction): SecretError {
  const problem = "gave an answer that is not Vault's. Check host, port and protocol.";
  return unreachable(problem, takeFailure(undefined), action);
}

function describeMissing({ isDeleted, isWrongEngine }: HcvFailure): string {
  if (isDeleted) return "is a deleted version. Write the secret again, or undelete it.";
  if (isWrongEngine) return "is no path of this engine. Check mount and kv (v1 or v2).";
  return "does not exist. Write the secret, or correct the reference.";
}

function describe({ status, code, isSealed }: HcvFailure): string {
  if (isSealed) return "is sealed. Unseal it with its unseal keys.";
  if (status !== undefined)
    return `answered with status ${status}. Check host, port and protocol, and Vault's own log.`;
  switch (code) {
    case "ECONNREFUSED":
      return "refused the connection. Check that it runs, and host and port.";
    case "ENOTFOUND":
    case "EAI_AGAIN":
      return "has a host name that does not resolve. Check host.";
    case "ECONNABORTED":
    case "ETIMEDOUT":
    case "ERR_CANCELED":
      return "did not answer in time. Check host and port, and that no firewall is between.";
    case undefined:
      return "could not be asked. Check host, port and protocol.";
    default:
      return isTls(code)
        ? `cannot be trusted (TLS: ${code}). Check protocol, gw.ca_file or NODE_EXTRA_CA_CERTS, and the name in its certificate.`
        : `could not be reached (${code}). Check host, port and protocol.`;
  }
}

function isTls(code: string): boolean {
  return /CERT|SSL|TLS|SIGNATURE|ISSUER|EPROTO/.test(code);
}

function missing(problem: string, failure: HcvFailure, action: HcvAction): SecretError {
  const message = `no value found: ${action.path} of Vault at ${action.origin} ${problem}`;
  return new SecretError("GW_SECRET_MISSING", message, detailsOf(failure, action));
}

function denied(problem: string, failure: HcvFailure, action: HcvAction): SecretError {
  return new SecretError("GW_SECRET_DENIED", `Vault at ${action.origin}: ${problem}.`, detailsOf(failure, action));
}

function unreachable(problem: string, failure: HcvFailure, action: HcvAction): SecretError {
  return new SecretError("GW_SECRET_UNREACHABLE", `Vault at ${action.origin} ${problem}`, detailsOf(failure, action));
}

function detailsOf({ status, code }: HcvFailure, { path }: HcvAction): Record<string, string | number> {
  return { vault: "hcv", path, ...(status === undefined ? {} : { status }), ...(code === undefined ? {} : { code }) };
}
