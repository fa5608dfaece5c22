import type { JsonObject } from "../core/json.ts";

/** Where two providers of OpenAI's format differ in what they answer. */
export interface Dialect {
  readonly provider: "openai" | "mistral";
  /** `host:port` of the real service: what `--connect-to` redirects to the simulator. */
  readonly authority: string;
  readonly models: readonly string[];
  /** Prefix of completion ids; a counter follows. */
  readonly idPrefix: string;
  /** Length of an embedding when the request does not ask for one. */
  readonly embeddingDimensions: number;
  /** Mistral puts usage into the last chunk unasked; OpenAI sends a chunk of its own when `stream_options.include_usage` asks for it. */
  readonly alwaysStreamsUsage: boolean;
  /** The provider's own error body. */
  failure(status: number, message: string): JsonObject;
}

/** https://platform.openai.com/docs/guides/error-codes */
export const openaiDialect: Dialect = {
  provider: "openai",
  authority: "api.openai.com:443",
  models: ["gpt-3.5-turbo", "gpt-4o", "text-embedding-3-small"],
  idPrefix: "chatcmpl-simulated-",
  embeddingDimensions: 1536,
  alwaysStreamsUsage: false,
  failure: (status, message) => ({ error: { message, ...openaiKind(status), param: null } }),
};

/** https://docs.mistral.ai/api: refused keys and unknown paths have a `detail`, everything else is an error object. */
export const mistralDialect: Dialect = {
  provider: "mistral",
  authority: "api.mistral.ai:443",
  models: ["mistral-tiny", "mistral-embed"],
  idPrefix: "simulated",
  embeddingDimensions: 1024,
  alwaysStreamsUsage: true,
  failure: (status, message) =>
    status === 401 || status === 404
      ? { detail: status === 401 ? "Unauthorized" : "Not Found" }
      : { object: "error", message, type: mistralType(status), param: null, code: null, raw_status_code: status },
};

function openaiKind(status: number): { readonly type: string; readonly code: string | null } {
  switch (status) {
    case 401:
      return { type: "invalid_request_error", code: "invalid_api_key" };
    case 429:
      return { type: "requests", code: "rate_limit_exceeded" };
    default:
      return { type: status >= 500 ? "server_error" : "invalid_request_error", code: null };
  }
}

function mistralType(status: number): string {
  if (status === 429) return "rate_limited";
  return status >= 500 ? "internal_server_error" : "invalid_request_error";
}
