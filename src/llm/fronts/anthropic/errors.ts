import type { JsonObject } from "../../../core/json.ts";
import type { ProviderFailure } from "../../answer.ts";
import type { ClientFailure } from "../../front.ts";

/** https://docs.claude.com/en/api/errors */
export function anthropicErrorBody({ code, status, message }: ClientFailure): string {
  return JSON.stringify({ type: "error", error: { type: typeOf(status), message, code: code.toLowerCase() } });
}

export function anthropicErrorEvent(failure: ClientFailure): string {
  return `\n\nevent: error\ndata: ${anthropicErrorBody(failure)}\n\n`;
}

export function writeFailure(
  { message, code }: ProviderFailure,
  status: number,
  original: JsonObject | undefined,
): string {
  return JSON.stringify({ type: "error", error: { type: typeOf(status), message, code, provider_error: original } });
}

function typeOf(status: number): string {
  return types[status] ?? (status < 500 ? "invalid_request_error" : "api_error");
}

const types: Readonly<Record<number, string>> = {
  401: "authentication_error",
  403: "permission_error",
  404: "not_found_error",
  413: "request_too_large",
  429: "rate_limit_error",
  504: "timeout_error",
  529: "overloaded_error",
};
