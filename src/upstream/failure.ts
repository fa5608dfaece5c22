import type { ErrorCodeName } from "../core/error-codes.ts";
import { UpstreamError } from "../core/errors.ts";

/** What was being done when the error came. */
export interface FailureContext {
  /** `api.openai.com:443`. */
  readonly host: string;
  /** Whether the request may have reached the upstream. */
  readonly isSent: boolean;
  readonly hasHead: boolean;
}

/** undici's and Node's errors in gw's words. Total: an error that nobody thought of is a reset. */
export function toUpstreamError(error: Error, context: FailureContext): UpstreamError {
  const cause = causeCode(error);
  const code = classify(cause, context);
  return new UpstreamError(code, describe(code, cause, context), {
    details: { host: context.host, sent: context.isSent, cause },
    // undici's parser error holds the bytes that it could not read: they may be part of an answer.
    ...(isParserError(cause) ? {} : { cause: error }),
  });
}

function causeCode(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

/** Node and undici have no word for it. */
export const WRITE_TIMEOUT = "WRITE_TIMEOUT";

const known: Readonly<Record<string, ErrorCodeName>> = {
  ENOTFOUND: "GW_UPSTREAM_DNS",
  EAI_AGAIN: "GW_UPSTREAM_DNS",
  EAI_FAIL: "GW_UPSTREAM_DNS",
  UND_ERR_CONNECT_TIMEOUT: "GW_UPSTREAM_TIMEOUT",
  UND_ERR_HEADERS_TIMEOUT: "GW_UPSTREAM_TIMEOUT",
  UND_ERR_BODY_TIMEOUT: "GW_UPSTREAM_TIMEOUT",
  [WRITE_TIMEOUT]: "GW_UPSTREAM_TIMEOUT",
  ETIMEDOUT: "GW_UPSTREAM_TIMEOUT",
  UND_ERR_HEADERS_OVERFLOW: "GW_UPSTREAM_INVALID",
  UND_ERR_ABORTED: "GW_UPSTREAM_ABORTED",
  UND_ERR_CLOSED: "GW_UPSTREAM_ABORTED",
  UND_ERR_DESTROYED: "GW_UPSTREAM_ABORTED",
  UND_ERR_INVALID_ARG: "GW_BUG",
  UND_ERR_NOT_SUPPORTED: "GW_BUG",
};

function isParserError(cause: string): boolean {
  return cause === "HTTPParserError" || cause.startsWith("HPE_");
}

const tlsCause = /TLS|SSL|CERT|SELF_SIGNED|UNABLE_TO_|CRL_|EPROTO|HOSTNAME_MISMATCH/;

function classify(cause: string, { isSent, hasHead }: FailureContext): ErrorCodeName {
  const code = known[cause];
  if (code !== undefined) return code;
  if (isParserError(cause)) return hasHead ? "GW_UPSTREAM_RESET" : "GW_UPSTREAM_INVALID";
  if (tlsCause.test(cause)) return "GW_UPSTREAM_TLS";
  return isSent ? "GW_UPSTREAM_RESET" : "GW_UPSTREAM_CONNECT";
}

function describe(code: ErrorCodeName, cause: string, { host, isSent, hasHead }: FailureContext): string {
  switch (code) {
    case "GW_UPSTREAM_DNS":
      return `name resolution failed: the upstream "${host}" was not found (${cause}). Check the host name and the DNS of this machine.`;
    case "GW_UPSTREAM_TIMEOUT":
      return `The upstream server is timing out: "${host}" ${timedOut(cause, isSent, hasHead)} (${cause}).`;
    case "GW_UPSTREAM_TLS":
      return `The TLS connection to "${host}" failed (${cause}). Check its certificate and that the port speaks TLS.`;
    case "GW_UPSTREAM_INVALID":
      return `An invalid response was received from the upstream server "${host}" (${cause}).`;
    case "GW_UPSTREAM_ABORTED":
      return `The request to "${host}" was given up.`;
    case "GW_UPSTREAM_CONNECT":
      return `No connection to the upstream "${host}" (${cause}).`;
    case "GW_BUG":
      return `The request to "${host}" could not be written as HTTP (${cause}).`;
    default:
      return `The upstream "${host}" closed the connection ${hasHead ? "in the middle of its answer" : "before it answered"} (${cause}).`;
  }
}

function timedOut(cause: string, isSent: boolean, hasHead: boolean): string {
  if (cause === WRITE_TIMEOUT) return "did not take the whole request in time";
  if (!isSent) return "did not accept a connection in time";
  return hasHead ? "stopped in the middle of its answer" : "did not answer in time";
}
