import { type ErrorCodeName, errorCodes } from "../core/error-codes.ts";
import { GwError, toError } from "../core/errors.ts";
import { publish } from "../observability/events.ts";
import type { HttpExchange } from "./exchange.ts";

/**
 * Ends an exchange that cannot be served, in the format its client reads. An answer of which something has been sent is cut instead:
 * the client must not take it for complete. The only place that writes error bodies.
 */
export function fail(exchange: HttpExchange, thrown: unknown): void {
  const failure = describe(thrown);
  exchange.errorCode ??= failure.code;
  report(exchange, failure, thrown);
  if (exchange.isOver) return;
  if (exchange.takeBack()) answer(exchange, failure);
  else exchange.abort();
}

interface Failure {
  readonly code: ErrorCodeName;
  readonly status: number;
  /** For the client. */
  readonly message: string;
  /** As the error said it. */
  readonly cause: string;
}

const INTERNAL_MESSAGE = "An unexpected error occurred";

function describe(thrown: unknown): Failure {
  if (!(thrown instanceof GwError)) {
    return {
      code: "GW_BUG",
      status: errorCodes.GW_BUG.status,
      message: INTERNAL_MESSAGE,
      cause: toError(thrown).message,
    };
  }
  return {
    code: thrown.code,
    // 499 is for the log: whoever still listens was not the one that gave up.
    status: thrown.status === 499 ? 502 : thrown.status,
    message: thrown.isExposed ? thrown.message : INTERNAL_MESSAGE,
    cause: thrown.message,
  };
}

/** Failures of the gateway's side; what clients do wrong is in the access log. */
function report(exchange: HttpExchange, failure: Failure, thrown: unknown): void {
  if (failure.status < 500 || exchange.isCancelled) return;
  const isBug = failure.code === "GW_BUG";
  publish("notice", {
    code: failure.code.toLowerCase().replaceAll("_", "-"),
    message: failure.cause,
    details: {
      exchange_id: exchange.id,
      ...(exchange.route.name === undefined ? {} : { route: exchange.route.name }),
      ...(isBug ? { stack: toError(thrown).stack ?? "" } : {}),
    },
  });
}

function answer(exchange: HttpExchange, failure: Failure): void {
  const body = exchange.errorBody?.(failure) ?? kongBody(kongMessage(failure), exchange.id);
  exchange.begin(failure.status, ["Content-Type", JSON_TYPE]);
  exchange.end(body);
}

const JSON_TYPE = "application/json; charset=utf-8";

/** What Kong's clients know (kong/templates, nginx's error pages); the reason is in the log. */
const kongTexts: Partial<Record<ErrorCodeName, string>> = {
  GW_UPSTREAM_CONNECT: "An invalid response was received from the upstream server",
  GW_UPSTREAM_TLS: "An invalid response was received from the upstream server",
  GW_UPSTREAM_RESET: "An invalid response was received from the upstream server",
  GW_UPSTREAM_INVALID: "An invalid response was received from the upstream server",
  GW_UPSTREAM_ABORTED: "An invalid response was received from the upstream server",
  GW_UPSTREAM_TIMEOUT: "The upstream server is timing out",
  GW_UPSTREAM_DNS: "name resolution failed",
};

function kongMessage(failure: Failure): string {
  return kongTexts[failure.code] ?? failure.message;
}

function kongBody(message: string, requestId: string): string {
  return JSON.stringify({ message, request_id: requestId });
}

/** A whole answer for a connection that sent no readable request, as bytes to write; the connection is closed after it. */
export function rawFailure(
  status: number,
  reason: string,
  message: string,
  requestId: string,
  product: string,
): string {
  const body = kongBody(message, requestId);
  return [
    `HTTP/1.1 ${status} ${reason}`,
    `Content-Type: ${JSON_TYPE}`,
    `Content-Length: ${Buffer.byteLength(body)}`,
    "Connection: close",
    `Server: ${product}`,
    `X-Kong-Request-Id: ${requestId}`,
    "",
    body,
  ].join("\r\n");
}
