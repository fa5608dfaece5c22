import type { RateLimitingConfig } from "../../config/types.ts";
import type { Need } from "../need.ts";

const UNITS = ["second", "minute", "hour", "day", "month", "year"] as const;

export type Unit = (typeof UNITS)[number];

export interface Limit {
  readonly unit: Unit;
  /** Requests in one such period. */
  readonly count: number;
}

/** How a limit stands after a request. */
export interface Usage {
  readonly limit: Limit;
  readonly remaining: number;
  /** Until the period is over; at least 1. */
  readonly resetSeconds: number;
  /** The request was one too many. */
  readonly isSpent: boolean;
}

export interface Counters {
  /** Counts a request against every limit, or against none when one is spent. `now` in milliseconds since the epoch. */
  take(countedAs: string, limits: readonly Limit[], now: number): Promise<readonly Usage[]>;
  /** Plugin.needs. */
  needs?(): readonly Need[];
  close(): Promise<void>;
}

/** The limits that are set, the shortest period first. */
export function limitsOf(config: RateLimitingConfig): readonly Limit[] {
  return UNITS.flatMap((unit) => {
    const count = config[unit];
    return count === undefined ? [] : [{ unit, count }];
  });
}

/** Begin and end of the period of the calendar (UTC) that `now` lies in, in milliseconds since the epoch. */
export function periodOf(unit: Unit, now: number): { readonly start: number; readonly end: number } {
  switch (unit) {
    case "month":
    case "year":
      return calendarPeriod(unit, new Date(now));
    default: {
      const length = LENGTHS[unit];
      const start = now - (now % length);
      return { start, end: start + length };
    }
  }
}

const LENGTHS = { second: 1_000, minute: 60_000, hour: 3_600_000, day: 86_400_000 } as const;

function calendarPeriod(unit: "month" | "year", date: Date): { readonly start: number; readonly end: number } {
  const year = date.getUTCFullYear();
  const month = date.getUTCMonth();
  return unit === "year"
    ? { start: Date.UTC(year, 0), end: Date.UTC(year + 1, 0) }
    : { start: Date.UTC(year, month), end: Date.UTC(year, month + 1) };
}

/** `before`: what was counted in the period of each limit before this request. */
export function usagesOf(limits: readonly Limit[], before: readonly number[], now: number): readonly Usage[] {
  const isRefused = limits.some(({ count }, index) => (before[index] ?? 0) + 1 > count);
  return limits.map((limit, index) => {
    const counted = before[index] ?? 0;
    return {
      limit,
      remaining: Math.max(0, Math.floor(limit.count - counted - (isRefused ? 0 : 1))),
      resetSeconds: Math.max(1, Math.ceil((periodOf(limit.unit, now).end - now) / 1_000)),
      isSpent: counted + 1 > limit.count,
    };
  });
}
