import type { Clock } from "../core/clock.ts";
import {
  type BreakerRules,
  closedBreaker,
  isOpen,
  mayPass,
  onFailure,
  onNothing,
  onSuccess,
  type Pass,
  pass,
} from "./breaker.ts";
import type { TargetMemory } from "./memory.ts";

/** A provider that asks for more is asked again after this. */
const LONGEST_PAUSE_MS = 60_000;

/** half-open: the next request shows whether the target works again. A target whose provider asked for a pause is open, too. */
export type BreakerPosition = "closed" | "half-open" | "open";

/** Which targets may be tried: those that no breaker holds back and that did not ask for a pause. All times in milliseconds. */
export class Health {
  readonly #rules: BreakerRules;
  readonly #clock: Clock;
  readonly #breakers: ReturnType<typeof closedBreaker>[];
  readonly #pauses: { until: number }[];

  constructor(memories: readonly TargetMemory[], rules: BreakerRules, clock: Clock) {
    this.#rules = rules;
    this.#clock = clock;
    this.#breakers = memories.map((memory) => memory.keep("breaker", closedBreaker));
    this.#pauses = memories.map((memory) => memory.keep("pause", () => ({ until: 0 })));
  }

  /** Whether nothing is held against any target, which is nearly always: then nobody need ask one by one. */
  get isAllUp(): boolean {
    return (
      this.#pauses.every(({ until }) => until === 0) && this.#breakers.every((breaker) => !isOpen(breaker, this.#rules))
    );
  }

  isUp(index: number): boolean {
    const pause = this.#pauses[index];
    const breaker = this.#breakers[index];
    if (pause === undefined || breaker === undefined) return false;
    if (pause.until === 0 && !isOpen(breaker, this.#rules)) return true;
    const now = this.#clock.now();
    if (pause.until <= now) pause.until = 0;
    return pause.until === 0 && mayPass(breaker, this.#rules, now);
  }

  breakerState(index: number): BreakerPosition {
    if (!this.isUp(index)) return "open";
    const breaker = this.#breakers[index];
    return breaker !== undefined && isOpen(breaker, this.#rules) ? "half-open" : "closed";
  }

  /** To be called for each attempt, whose outcome is told with the result; undefined when the target is out. */
  enter(index: number): Pass | undefined {
    const breaker = this.#breakers[index];
    return breaker !== undefined && this.isUp(index) ? pass(breaker, this.#rules, this.#clock.now()) : undefined;
  }

  /** True when this success brought the target back. */
  succeed(index: number, how: Pass): boolean {
    const breaker = this.#breakers[index];
    return breaker !== undefined && breaker.fails > 0 && onSuccess(breaker, this.#rules, how, this.#clock.now());
  }

  /** True when this failure took the target out. */
  fail(index: number, how: Pass): boolean {
    const breaker = this.#breakers[index];
    return breaker !== undefined && onFailure(breaker, this.#rules, how, this.#clock.now());
  }

  /** The attempt said nothing of the target. */
  release(index: number, how: Pass): void {
    const breaker = this.#breakers[index];
    if (breaker !== undefined) onNothing(breaker, how);
  }

  /** The provider asked for it (Retry-After): at most a minute. */
  pause(index: number, ms: number): void {
    const pause = this.#pauses[index];
    if (pause !== undefined && ms > 0)
      pause.until = Math.max(pause.until, this.#clock.now() + Math.min(ms, LONGEST_PAUSE_MS));
  }

  /** Until the first of `indexes` may be tried again; at least 1. */
  waitMs(indexes: readonly number[]): number {
    const now = this.#clock.now();
    const waits = indexes.map((index) => {
      const breaker = this.#breakers[index];
      const until = breaker !== undefined && isOpen(breaker, this.#rules) ? breaker.openUntil : 0;
      return Math.max(until, this.#pauses[index]?.until ?? 0) - now;
    });
    return Math.max(1, Math.min(...waits));
  }
}
