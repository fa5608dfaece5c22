import { type ErrorCodeName, errorCodes } from "./error-codes.ts";
import type { Diagnostic } from "./diagnostics.ts";

/** Small facts for logs: names, paths, statuses. Never a body, prompt, header set, secret or vendor client error. */
export type ErrorDetails = Readonly<Record<string, string | number | boolean>>;

interface ErrorOptions {
  /** In place of the code's own. */
  readonly status?: number;
  readonly details?: ErrorDetails;
  readonly cause?: unknown;
}

/** An operation that could not be done. The subclass says who acts, the code says what happened (core/error-codes.ts). */
export class GwError extends Error {
  readonly code: ErrorCodeName;
  readonly details: ErrorDetails;
  /** What a client of the gateway gets. */
  readonly status: number;

  constructor(code: ErrorCodeName, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = new.target.name;
    this.code = code;
    this.details = options.details ?? {};
    this.status = options.status ?? errorCodes[code].status;
  }

  get isRetryable(): boolean {
    return errorCodes[this.code].retryable;
  }

  get isExposed(): boolean {
    return errorCodes[this.code].expose;
  }
}

/** Flags or arguments: fixed by whoever typed the command. */
export class UsageError extends GwError {
  constructor(message: string, options?: ErrorOptions) {
    super("GW_USAGE", message, options);
  }
}

/** Carries every diagnostic of a configuration that cannot be used. */
export class ConfigError extends GwError {
  readonly diagnostics: readonly Diagnostic[];
  /** File → its text with the values of sensitive fields masked, for code frames. */
  readonly sources: ReadonlyMap<string, string>;

  constructor(message: string, diagnostics: readonly Diagnostic[], sources: ReadonlyMap<string, string> = new Map()) {
    super("GW_CONFIG_INVALID", message);
    this.diagnostics = diagnostics;
    this.sources = sources;
  }
}

export class StateError extends GwError {}

/** Made fresh where the vault library failed: vendor errors carry tokens, so they are never the cause. */
export class SecretError extends GwError {
  constructor(code: Extract<ErrorCodeName, `GW_SECRET_${string}`>, message: string, details?: ErrorDetails) {
    super(code, message, details === undefined ? {} : { details });
  }
}

/** The caller's request. */
export class RequestError extends GwError {}

/** No answer from an upstream. */
export class UpstreamError extends GwError {}

export class VectorError extends GwError {}

/** An invariant broke. */
export class BugError extends GwError {
  constructor(message: string, options?: ErrorOptions) {
    super("GW_BUG", `${message} This is a bug in gw: please report it.`, options);
  }
}

/** Whatever was thrown, as an Error to read `message` from. */
export function toError(thrown: unknown): Error {
  return thrown instanceof Error ? thrown : new Error(String(thrown));
}
