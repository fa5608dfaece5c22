import buildConnector from "undici/lib/core/connect.js";
import Pool from "undici/lib/dispatcher/pool.js";

export type Pools = ReturnType<typeof createPools>;

export interface PoolSettings {
  /** Dial the URL whenever `host:port` is meant; Host and the TLS server name stay the original's. */
  readonly connectTo?: ReadonlyMap<string, URL>;
  /** PEM certificates to trust besides the built-in ones. */
  readonly ca?: string;
}

/** An idle connection is closed after a minute, as Kong does (`upstream_keepalive_idle_timeout`). */
const IDLE_MS = 60_000;
const LONGEST_IDLE_MS = 600_000;

/** One pool per origin and connect timeout, made when first asked for. No limit on connections: the listener has one. */
export function createPools(settings: PoolSettings) {
  const pools = new Map<string, Pool>();
  const retired = new Set<Promise<void>>();

  function open(origin: string, connectMs: number): Pool {
    return new Pool(origin, {
      connect: connector(new URL(origin), connectMs, settings),
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: LONGEST_IDLE_MS,
    });
  }

  return {
    get(origin: string, connectMs: number): Pool {
      const key = `${connectMs} ${origin}`;
      let pool = pools.get(key);
      if (pool === undefined) {
        pool = open(origin, connectMs);
        pools.set(key, pool);
      }
      return pool;
    },
    /** Lets the pool finish what it does and starts a new one for the requests that follow. */
    retire(origin: string, connectMs: number): void {
      const key = `${connectMs} ${origin}`;
      const pool = pools.get(key);
      if (pool === undefined) return;
      pools.delete(key);
      const closing = pool.close().finally(() => retired.delete(closing));
      retired.add(closing);
    },
    /** Waits for requests under way. */
    async close(): Promise<void> {
      const open = [...pools.values()];
      pools.clear();
      await Promise.all([...open.map((pool) => pool.close()), ...retired]);
    },
  };
}

type Connector = ReturnType<typeof buildConnector>;

/** Opens connections to the origin, or to what is dialled instead of it. */
export function connector(origin: URL, connectMs: number, settings: PoolSettings): Connector {
  const connect = buildConnector({ timeout: connectMs, ...(settings.ca === undefined ? {} : { ca: settings.ca }) });
  const instead = settings.connectTo?.get(hostAndPort(origin));
  if (instead === undefined) return connect;
  const dialled = { protocol: instead.protocol, hostname: bareHostname(instead), port: instead.port };
  // `host` stays: the TLS server name is taken from it.
  return (options, callback) => connect({ ...options, ...dialled }, callback);
}

/** `api.openai.com:443`: the key of `connectTo`. */
export function hostAndPort(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
}

/** Without the brackets of an IPv6 address. */
export function bareHostname(url: URL): string {
  return url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
}
