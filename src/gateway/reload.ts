import type { Clock } from "../core/clock.ts";
import { toError } from "../core/errors.ts";
import { publish } from "../observability/events.ts";
import type { Runtime } from "./runtime.ts";

export interface ReloadOptions {
  /** Calls back after a change; the returned function stops it. */
  watch(onChange: () => void): () => void;
  /** Reads, checks and compiles the configuration as it is now. May throw: the one that is served stays. */
  load(): Promise<Runtime>;
  /** The server to give new runtimes to. */
  readonly server: { readonly runtime: Runtime; swap(runtime: Runtime): Promise<void> };
  readonly clock: Clock;
}

export interface Reload {
  /** Stops watching; settles when a load that has begun is over. */
  stop(): Promise<void>;
}

/** A burst of changes is one. */
const QUIET_MS = 50;
/** So long a new configuration may take to warm up before it is served; it goes on warming then. Changes are to be live within a second. */
const WARM_MS = 300;

/** Serves what `load` gives after each change: one at a time, and never a configuration that cannot be loaded. */
export function startReload(options: ReloadOptions): Reload {
  const reloader = new Reloader(options);
  const unwatch = options.watch(() => reloader.changed());
  return {
    async stop() {
      unwatch();
      await reloader.stop();
    },
  };
}

class Reloader {
  readonly #options: ReloadOptions;
  readonly #stopped = new AbortController();
  #cancelTimer: (() => void) | undefined;
  #isAgain = false;
  #running: Promise<void> | undefined;

  constructor(options: ReloadOptions) {
    this.#options = options;
  }

  changed(): void {
    if (this.#stopped.signal.aborted) return;
    this.#cancelTimer?.();
    this.#cancelTimer = this.#options.clock.after(QUIET_MS, () => this.#begin());
  }

  async stop(): Promise<void> {
    this.#stopped.abort();
    this.#cancelTimer?.();
    await this.#running;
  }

  #begin(): void {
    if (this.#running !== undefined) {
      this.#isAgain = true;
      return;
    }
    this.#running = this.#run().finally(() => {
      this.#running = undefined;
    });
  }

  async #run(): Promise<void> {
    do {
      this.#isAgain = false;
      await this.#reloadOnce();
    } while (this.#isAgain && !this.#stopped.signal.aborted);
  }

  async #reloadOnce(): Promise<void> {
    const { server } = this.#options;
    const startedAt = performance.now();
    try {
      const next = await this.#options.load();
      if (!isSame(next, server.runtime)) await this.#warm(next);
      if (this.#stopped.signal.aborted || isSame(next, server.runtime)) {
        await next.close();
        return;
      }
      // Not awaited: the runtime before closes itself when its last request has ended, which may be a stream of minutes.
      void server.swap(next);
      publish("config-swap", { serial: next.serial, routes: next.plans.length, ms: performance.now() - startedAt });
    } catch (thrown) {
      publish("config-refused", { serial: undefined, message: toError(thrown).message });
    }
  }

  async #warm(runtime: Runtime): Promise<void> {
    let cancel = (): void => {};
    const isLongEnough = new Promise<void>((resolve) => {
      cancel = this.#options.clock.after(WARM_MS, resolve);
    });
    await Promise.race([runtime.warm(this.#stopped.signal), isLongEnough]);
    cancel();
  }
}

/** A store that was written twice between two looks has one state. */
function isSame(next: Runtime, current: Runtime): boolean {
  return next.serial !== undefined && next.serial === current.serial;
}
