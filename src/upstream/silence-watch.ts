/** Something that must not be silent for too long. */
export interface Watched {
  /** On the watch's clock; Infinity while there is no limit. */
  dueAt: number;
  /** Called once its time is over; it should leave the watch. */
  onSilent(): void;
}

/** How late a limit may be noticed, in milliseconds. */
const TICK_MS = 50;

/**
 * One timer for all requests under way. undici would make a timer and a weak reference for each: with a thousand requests a second they
 * cost more than the rest of the client, most of it in the garbage collector.
 */
export class SilenceWatch {
  /** Milliseconds, as of the last tick: reading it costs nothing. */
  now = performance.now();
  readonly #watched = new Set<Watched>();
  #timer: NodeJS.Timeout | undefined;

  add(watched: Watched): void {
    this.#watched.add(watched);
    if (this.#timer !== undefined) return;
    this.now = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched);
  }

  #tick(): void {
    this.now = performance.now();
    if (this.#watched.size === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    for (const watched of this.#watched) if (watched.dueAt <= this.now) watched.onSilent();
  }
}
