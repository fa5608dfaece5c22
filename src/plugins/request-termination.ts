import type { ConfigFinding, RequestTerminationConfig } from "../config/types.ts";
import { RequestError } from "../core/errors.ts";
import { definePlugin, type Exchange, type Plugin } from "./plugin.ts";

const DEFAULT_MESSAGES: Readonly<Record<number, string>> = {
  400: "Bad request",
  401: "Unauthorized",
  402: "Payment required",
  403: "Forbidden",
  404: "Not found",
  405: "Method not allowed",
  429: "Too many requests",
  500: "An unexpected error occurred",
  502: "Invalid response",
  503: "Service unavailable",
};

/** Kong's request-termination: answers itself, always or when a header or query parameter asks for it. */
export const requestTermination = definePlugin<RequestTerminationConfig>({
  name: "request-termination",
  priority: 2,
  check,
  create: async (config) => createRequestTermination(config),
});

function check({ message, body, content_type }: RequestTerminationConfig): readonly ConfigFinding[] {
  const finding = (at: string, text: string): ConfigFinding => ({
    severity: "error",
    code: "bad-value",
    message: text,
    at,
  });
  if (message !== undefined && (body !== undefined || content_type !== undefined))
    return [finding("message", "message cannot be used together with content_type or body. Remove one of them.")];
  if (content_type !== undefined && body === undefined)
    return [finding("content_type", "content_type needs body: there is nothing else that it could describe.")];
  return [];
}

function createRequestTermination(config: RequestTerminationConfig): Plugin {
  const { status_code: status, trigger, content_type: contentType, body, echo } = config;
  const message = config.message ?? DEFAULT_MESSAGES[status] ?? "Terminated";
  return {
    handle: async (exchange, next) => {
      if (trigger !== undefined && !asksFor(exchange, trigger)) return await next();
      if (echo) return answer(exchange, status, "application/json; charset=utf-8", echoOf(exchange, message));
      if (body !== undefined) return answer(exchange, status, contentType ?? "application/json; charset=utf-8", body);
      throw new RequestError("GW_ACCESS_CLOSED", message, { status });
    },
  };
}

function asksFor({ request }: Exchange, trigger: string): boolean {
  return request.header(trigger) !== undefined || new URLSearchParams(request.query).has(trigger);
}

function answer(exchange: Exchange, status: number, contentType: string, body: string): void {
  exchange.begin(status, ["Content-Type", contentType]);
  exchange.end(body);
}

/** Without headers and query, which may carry keys. */
function echoOf({ id, request, route, service }: Exchange, message: string): string {
  const { method, path } = request;
  return JSON.stringify({ message, request_id: id, request: { method, path }, route, service });
}
