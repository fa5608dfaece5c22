import { Cluster, type Redis } from "ioredis";
import { untilAborted } from "../core/abort.ts";
import { type Clock, systemClock } from "../core/clock.ts";
import type { Secret } from "../core/secret.ts";
import { reconnectDelayMs } from "./backoff.ts";
import { createClient, type GuardedClient, type RedisClient } from "./client.ts";
import { RedisFailure, toFailure } from "./failure.ts";
import { describeServer, type RedisSettings } from "./settings.ts";

export type RedisReply = null | number | string | readonly RedisReply[];

interface ConnectionServices {
  /** Turns a referenceable text of the settings into its value; asked again for every new connection. */
  resolve(text: string, options: { readonly signal: AbortSignal }): Promise<Secret>;
  readonly clock?: Clock;
  /** 0…1, spreads the reconnections of several gateways. */
  readonly random?: () => number;
}

/**
 * One shared connection, opened by the first command. While there is none, commands fail at once: a lost connection is opened again
 * by the first command after a pause that grows with each failure, and nothing is kept for later. No command takes longer than the
 * timeouts of the settings. Throws RedisFailure, or what `resolve` throws.
 */
export class RedisConnection {
  /** What messages call the server. */
  readonly server: string;
  readonly #settings: RedisSettings;
  readonly #services: Required<ConnectionServices>;
  readonly #closing = new AbortController();
  #open: GuardedClient | undefined;
  #opening: Promise<GuardedClient> | undefined;
  #failures = 0;
  #failure: { readonly error: unknown; readonly until: number } | undefined;

  constructor(settings: RedisSettings, services: ConnectionServices) {
    this.server = describeServer(settings);
    this.#settings = settings;
    this.#services = { clock: systemClock, random: Math.random, ...services };
  }

  /** Bulk strings of the reply come as text. */
  async send(command: string, args: readonly (string | number | Buffer)[]): Promise<RedisReply> {
    return await this.#run((client) => client.call(command, [...args]) as Promise<RedisReply>);
  }

  /** The fields of a hash, with their values as bytes; none when there is no such key. */
  async readHash(key: string): Promise<Readonly<Record<string, Buffer>>> {
    return await this.#run((client) => client.hgetallBuffer(key));
  }

  /** Every key that matches the glob `pattern`, found without holding the server up; on a cluster, those of all masters. */
  async keys(pattern: string): Promise<readonly string[]> {
    return await this.#run(async (client) => {
      const nodes = client instanceof Cluster ? client.nodes("master") : [client];
      const found = await Promise.all(nodes.map((node) => scan(node, pattern)));
      return [...new Set(found.flat())];
    });
  }

  /** Drops the connection; commands under way fail. */
  async close(): Promise<void> {
    this.#closing.abort(new RedisFailure("unreachable", "the connection was closed"));
    this.#drop();
  }

  async #run<T>(work: (client: RedisClient) => Promise<T>): Promise<T> {
    const open = await this.#ready();
    try {
      return await work(open.client);
    } catch (error) {
      const failure = toFailure(error, open.secrets);
      if (failure.kind !== "reply") this.#drop(open);
      throw failure;
    }
  }

  async #ready(): Promise<GuardedClient> {
    this.#closing.signal.throwIfAborted();
    if (this.#open?.client.status === "ready") return this.#open;
    this.#drop();
    if (this.#failure !== undefined) {
      const isTooEarly = this.#services.clock.now() < this.#failure.until;
      if (isTooEarly || this.#opening !== undefined) throw this.#failure.error;
    }
    this.#opening ??= this.#connect().finally(() => {
      this.#opening = undefined;
    });
    return await this.#opening;
  }

  async #connect(): Promise<GuardedClient> {
    try {
      const open = await this.#openOne();
      // close() may have come after the last step of opening and before this one.
      if (this.#closing.signal.aborted) disconnect(open.client);
      else this.#open = open;
      this.#failures = 0;
      this.#failure = undefined;
      return open;
    } catch (error) {
      this.#failures += 1;
      const pause = reconnectDelayMs(this.#failures, this.#services.random());
      this.#failure = { error, until: this.#services.clock.now() + pause };
      throw error;
    }
  }

  async #openOne(): Promise<GuardedClient> {
    const { signal } = this.#closing;
    const resolve = async (text: string): Promise<Secret> => await this.#services.resolve(text, { signal });
    const open = await untilAborted(signal, () => createClient(this.#settings, resolve));
    let cause: unknown;
    open.client.on("error", (error: unknown) => {
      cause = error;
    });
    try {
      await untilAborted(AbortSignal.any([signal, AbortSignal.timeout(this.#longestOpeningMs())]), () =>
        open.client.connect(),
      );
      return open;
    } catch (error) {
      disconnect(open.client);
      signal.throwIfAborted();
      throw toFailure(cause ?? error, open.secrets);
    }
  }

  /** A server that is loading its data accepts connections and is not ready for an unknown time. */
  #longestOpeningMs(): number {
    return this.#settings.connectTimeoutMs + this.#settings.readTimeoutMs;
  }

  #drop(open: GuardedClient | undefined = this.#open): void {
    if (open === undefined) return;
    if (this.#open === open) this.#open = undefined;
    disconnect(open.client);
  }
}

/** ioredis waits two seconds for a socket to close, also for one that has: that would hold up the end of the process. */
function disconnect(client: RedisClient): void {
  if (client.status !== "end") client.disconnect();
}

async function scan(node: Redis, pattern: string): Promise<readonly string[]> {
  const found: string[] = [];
  let cursor = "0";
  do {
    const [next, keys] = await node.scan(cursor, "MATCH", pattern, "COUNT", 1_000);
    found.push(...keys);
    cursor = next;
  } while (cursor !== "0");
  return found;
}
