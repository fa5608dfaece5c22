import type { Clock } from "../../core/clock.ts";

/**
 * Watches that a stream goes on. One timer, which looks when the last sign of life came: a stream of many small pieces costs no timer
 * each.
 */
export class StallGuard {
  readonly #clock: Clock;
  readonly #onStall: () => void;
  #limitMs = 0;
  #lastAt = 0;
  #isPaused = false;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, onStall: () => void) {
    this.#clock = clock;
    this.#onStall = onStall;
  }

  /** From now on `onStall` is called, once, when there is no sign of life for `ms` milliseconds. */
  watch(ms: number): void {
    this.#limitMs = ms;
    this.touch();
    this.#arm(ms);
  }

  touch(): void {
    this.#lastAt = this.#clock.now();
    this.#isPaused = false;
  }

  /** The silence is the client's, until the next `touch`. */
  pause(): void {
    this.#isPaused = true;
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #arm(ms: number): void {
    this.#cancel?.();
    this.#cancel = this.#clock.after(ms, () => this.#look());
  }

  #look(): void {
    const silentMs = this.#isPaused ? 0 : this.#clock.now() - this.#lastAt;
    if (silentMs < this.#limitMs) this.#arm(this.#limitMs - silentMs);
    else this.#onStall();
  }
}
