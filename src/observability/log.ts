import { type DestinationStream, type Logger, pino } from "pino";
import type { Clock } from "../core/clock.ts";
import { type EventMap, type ExchangeEnd, subscribe } from "./events.ts";
import { BLOCK_LENGTH, openLogFile, SHARED_BLOCK_LENGTH } from "./log-file.ts";
import { limitNotices } from "./notice-limit.ts";

export type LogLevel = "debug" | "info" | "warn" | "error" | "silent";

export interface LogOptions {
  /** A file descriptor (1 is stdout), which is written to in blocks, or a stream, which gets each line. */
  readonly destination: number | DestinationStream;
  readonly level: LogLevel;
  readonly clock: Clock;
  /** Other processes write to the same file descriptor. */
  readonly isShared?: boolean;
}

export interface Log {
  /** Stops listening and writes what is held back. */
  close(): void;
}

/**
 * One JSON line per exchange (level info), notice (warn) and change of configuration. Only fixed fields: no header values, queries,
 * bodies or prompts ever come here. `time` is in milliseconds since the epoch: writing dates would cost more than the rest of a line.
 */
export function createLog({ destination: to, level, clock, isShared = false }: LogOptions): Log {
  const output =
    typeof to === "number"
      ? openLogFile(to, clock, isShared ? SHARED_BLOCK_LENGTH : BLOCK_LENGTH)
      : { stream: to, close: () => {} };
  const logger = pino({ level, base: null, formatters: { level: (label) => ({ level: label }) } }, output.stream);
  const stop = level === "silent" ? () => {} : writeEvents(logger, clock);
  return {
    close() {
      stop();
      output.close();
    },
  };
}

function writeEvents(logger: Logger, clock: Clock): () => void {
  const notices = limitNotices(clock, (notice, count) => logger.warn(noticeFields(notice, count), notice.message));
  const stops = [
    subscribe("exchange-end", (event) => logger.info(exchangeFields(event), "exchange")),
    subscribe("notice", notices.take),
    subscribe("config-swap", ({ serial, routes, ms }) =>
      logger.info({ event: "config-swap", serial, routes, ms: rounded(ms) }, "a new configuration is served"),
    ),
    subscribe("config-refused", ({ serial, message }) =>
      logger.error(
        { event: "config-refused", serial, reason: message },
        "a new configuration was refused; the old one is still served",
      ),
    ),
    notices.close,
  ];
  return () => {
    for (const stop of stops) stop();
  };
}

function exchangeFields(event: ExchangeEnd): Record<string, unknown> {
  return {
    event: "exchange",
    exchange_id: event.exchangeId,
    client: event.clientAddress,
    method: event.method,
    path: event.path,
    status: event.status,
    ms: rounded(event.ms),
    upstream_ms: rounded(event.upstreamMs),
    proxy_ms: rounded(event.proxyMs),
    bytes_sent: event.bytesSent,
    route: event.route,
    service: event.service,
    cancelled: event.isCancelled ? true : undefined,
    error_code: event.errorCode,
    ai: event.ai,
  };
}

function noticeFields({ code, details }: EventMap["notice"], count: number): Record<string, unknown> {
  return { event: "notice", code, ...(count > 1 ? { count } : {}), ...(details === undefined ? {} : { details }) };
}

/** To a hundredth; more would only be noise to read. */
function rounded(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 100) / 100;
}
