/** Something that must not be silent for too long. */
export interface Watched {
  /** On the watch's clock; Infinity while there is no limit. */
  dueAt: number;
  /** Where the watch has it; -1 while it is not watched. Only the watch writes it. */
  position: number;
  /** Called once its time is over; it should leave the watch. */
  onSilent(): void;
}

/** How late a limit may be noticed, in milliseconds. */
const TICK_MS = 50;

/**
 * One timer for all requests under way. undici would make a timer and a weak reference for each: with a thousand requests a second they
 * cost more than the rest of the client, most of it in the garbage collector. A Set would not do either: what is added and removed all the
 * time makes V8 copy its table again and again, and an old table keeps all that came after it alive until the next full collection.
 */
export class SilenceWatch {
  /** Milliseconds, as of the last tick: reading it costs nothing. */
  now = performance.now();
  readonly #watched: Watched[] = [];
  #timer: NodeJS.Timeout | undefined;

  add(watched: Watched): void {
    watched.position = this.#watched.push(watched) - 1;
    if (this.#timer !== undefined) return;
    this.now = performance.now();
    this.#timer = setInterval(() => this.#tick(), TICK_MS).unref();
  }

  /** The last one takes its place. */
  remove(watched: Watched): void {
    if (watched.position < 0) return;
    const last = this.#watched.pop();
    if (last !== undefined && last !== watched) {
      this.#watched[watched.position] = last;
      last.position = watched.position;
    }
    watched.position = -1;
  }

  #tick(): void {
    this.now = performance.now();
    if (this.#watched.length === 0) {
      clearInterval(this.#timer);
      this.#timer = undefined;
      return;
    }
    for (const watched of this.#watched.filter(({ dueAt }) => dueAt <= this.now)) watched.onSilent();
  }
}
