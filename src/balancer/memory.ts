/** What is known of one target. It stays the same object as long as a runtime serves the target, from reload to reload. */
export class TargetMemory {
  /** Who the target is: equal before and after a reload. */
  readonly identity: string;
  readonly #kept = new Map<string, unknown>();

  constructor(identity: string) {
    this.identity = identity;
  }

  /** The value of this name, made when it is first asked for. Callers of one name agree on its type. */
  keep<T>(name: string, make: () => T): T {
    if (!this.#kept.has(name)) this.#kept.set(name, make());
    return this.#kept.get(name) as T;
  }
}

export interface OpenedMemories {
  /** In the order of the identities. */
  readonly memories: readonly TargetMemory[];
  /** Memories that nobody else has open are forgotten. */
  readonly close: () => void;
}

interface Shared {
  readonly memory: TargetMemory;
  users: number;
}

/** The memories of all targets of a process: a reload opens them anew before the old runtime closes, and finds them as they were. */
export class TargetMemories {
  readonly #shared = new Map<string, Shared>();

  /** Targets of equal identity are told apart by their order. `owner` is the plugin's id. */
  open(owner: string, identities: readonly string[]): OpenedMemories {
    const seen = new Map<string, number>();
    const opened = identities.map((identity): [string, Shared] => {
      const number = seen.get(identity) ?? 0;
      seen.set(identity, number + 1);
      const unique = `${identity} ${number}`;
      const key = `${owner} ${unique}`;
      const shared = this.#shared.get(key) ?? { memory: new TargetMemory(unique), users: 0 };
      shared.users += 1;
      this.#shared.set(key, shared);
      return [key, shared];
    });
    let isOpen = true;
    return {
      memories: opened.map(([, shared]) => shared.memory),
      close: () => {
        if (!isOpen) return;
        isOpen = false;
        for (const [key, shared] of opened) this.#release(key, shared);
      },
    };
  }

  #release(key: string, shared: Shared): void {
    shared.users -= 1;
    if (shared.users === 0) this.#shared.delete(key);
  }
}
