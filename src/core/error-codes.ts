/**
 * The closed list of operation errors. `status` is what a client of the gateway gets; `retryable` says whether another target may
 * succeed; `expose` whether the client may read the message (otherwise it sees the code and the request id only).
 */
interface ErrorCode {
  readonly status: number;
  readonly retryable: boolean;
  readonly expose: boolean;
}

const request = (status: number): ErrorCode => ({ status, retryable: false, expose: true });
const upstream = (status: number): ErrorCode => ({ status, retryable: true, expose: true });
const internal = (status: number): ErrorCode => ({ status, retryable: false, expose: false });

export const errorCodes = {
  GW_USAGE: internal(500),
  GW_CONFIG_INVALID: internal(500),

  GW_STATE_UNREACHABLE: internal(500),
  GW_STATE_CORRUPT: internal(500),
  GW_STATE_TOO_NEW: internal(500),
  GW_STATE_LOCKED: internal(500),
  GW_STATE_CONFLICT: internal(500),
  GW_STATE_NO_REVISION: internal(500),

  GW_SECRET_BAD_REFERENCE: internal(503),
  GW_SECRET_MISSING: internal(503),
  GW_SECRET_DENIED: internal(503),
  GW_SECRET_UNREACHABLE: internal(503),
  GW_SECRET_UNUSABLE: internal(503),

  GW_REQUEST_INVALID: request(400),
  GW_REQUEST_NO_ROUTE: request(404),
  GW_REQUEST_NO_SERVICE: request(503),
  GW_REQUEST_METHOD: request(405),
  GW_REQUEST_LENGTH_REQUIRED: request(411),
  GW_REQUEST_HTTPS_REQUIRED: request(426),
  GW_REQUEST_TOO_LARGE: request(413),
  GW_REQUEST_ABORTED: request(499),
  GW_REQUEST_UPGRADE: request(501),
  GW_ROUTE_UNAVAILABLE: request(503),

  GW_ACCESS_UNKNOWN: request(401),
  GW_ACCESS_DENIED: request(403),
  GW_ACCESS_LIMITED: request(429),
  GW_ACCESS_CLOSED: request(503),

  GW_UPSTREAM_CONNECT: upstream(502),
  GW_UPSTREAM_DNS: upstream(503),
  GW_UPSTREAM_TLS: upstream(502),
  GW_UPSTREAM_TIMEOUT: upstream(504),
  GW_UPSTREAM_RESET: upstream(502),
  GW_UPSTREAM_INVALID: upstream(502),
  GW_UPSTREAM_ABORTED: upstream(499),
  GW_UPSTREAM_TOO_LARGE: upstream(502),
  GW_UPSTREAM_FAILED: upstream(502),

  GW_EMBEDDING_FAILED: { status: 503, retryable: false, expose: true },
  GW_NO_TARGET: { status: 503, retryable: false, expose: true },
  GW_TARGETS_DOWN: { status: 503, retryable: false, expose: true },
  GW_DEADLINE: { status: 504, retryable: false, expose: true },

  GW_VECTOR_UNREACHABLE: { status: 503, retryable: false, expose: true },
  GW_VECTOR_UNSUPPORTED: { status: 503, retryable: false, expose: true },
  GW_VECTOR_MISMATCH: { status: 503, retryable: false, expose: true },

  GW_BUG: internal(500),
} as const satisfies Record<string, ErrorCode>;

export type ErrorCodeName = keyof typeof errorCodes;
