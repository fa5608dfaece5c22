/** How a simulator misbehaves. An empty object is a provider in good health. */
export interface Behaviour {
  /** Only requests to this path, for example `/v1/embeddings`; all when absent. */
  readonly path?: string;
  /** For so many requests, then good again; for ever when absent. */
  readonly times?: number;
  /** Milliseconds before the head. */
  readonly delayMs?: number;
  /** Answers with the provider's error body and these headers. */
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Closes the connection after so many events of a stream. */
  readonly cutAfterChunks?: number;
  /** Sends so many events of a stream, then nothing until the client goes away. */
  readonly holdAfterChunks?: number;
}

/** What the next request meets; counts `times` down. */
export class BehaviourSwitch {
  #behaviour: Behaviour = {};
  #left = 0;

  set(behaviour: Behaviour): void {
    this.#behaviour = behaviour;
    this.#left = behaviour.times ?? Number.POSITIVE_INFINITY;
  }

  next(path: string): Behaviour {
    const isMeant = this.#behaviour.path === undefined || this.#behaviour.path === path;
    if (!isMeant || this.#left <= 0) return {};
    this.#left -= 1;
    return this.#behaviour;
  }
}
