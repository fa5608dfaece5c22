import buildConnector from "undici/lib/core/connect.js";
import Pool from "undici/lib/dispatcher/pool.js";
import { toError } from "../core/errors.ts";
import type { UpstreamTls } from "../core/http-message.ts";
import type { FindProxy } from "./proxy-environment.ts";
import { openTunnel } from "./proxy-tunnel.ts";
import { toTlsOptions } from "./tls.ts";

export type Pools = ReturnType<typeof createPools>;

export interface PoolSettings {
  /** Dial the URL whenever `host:port` is meant; Host and the TLS server name stay the original's. */
  readonly connectTo?: ReadonlyMap<string, URL>;
  /** PEM certificates to trust besides the built-in ones. */
  readonly ca?: string;
  /** Which proxy stands before an origin; what is dialled by `connectTo` has none. */
  readonly findProxy?: FindProxy | undefined;
}

/** An idle connection is closed after a minute, as Kong does (`upstream_keepalive_idle_timeout`). */
const IDLE_MS = 60_000;
const LONGEST_IDLE_MS = 600_000;

/** One pool per origin and connect timeout, made when first asked for. No limit on connections: the listener has one. */
export function createPools(settings: PoolSettings) {
  const pools = new Map<string, Pool>();
  /** By the pools' keys, as the last request brought them: equal in all but the lookup that they resolve secrets by. */
  const tlsOf = new Map<string, UpstreamTls>();
  const retired = new Set<Promise<void>>();

  function open(origin: string, connectMs: number, key: string): Pool {
    return new Pool(origin, {
      connect: connector(new URL(origin), connectMs, { ...settings, tls: () => tlsOf.get(key) }),
      pipelining: 1,
      keepAliveTimeout: IDLE_MS,
      keepAliveMaxTimeout: LONGEST_IDLE_MS,
    });
  }

  return {
    get(origin: string, connectMs: number, tls?: UpstreamTls): Pool {
      const key = keyOf(origin, connectMs, tls);
      if (tls !== undefined) tlsOf.set(key, tls);
      let pool = pools.get(key);
      if (pool === undefined) {
        pool = open(origin, connectMs, key);
        pools.set(key, pool);
      }
      return pool;
    },
    /** Lets the pool finish what it does and starts a new one for the requests that follow. */
    retire(origin: string, connectMs: number, tls?: UpstreamTls): void {
      const key = keyOf(origin, connectMs, tls);
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

function keyOf(origin: string, connectMs: number, tls: UpstreamTls | undefined): string {
  return tls === undefined ? `${connectMs} ${origin}` : `${connectMs} ${origin} ${tls.id}`;
}

export interface ConnectorSettings extends PoolSettings {
  /** As it is at the time of a connection. */
  readonly tls?: () => UpstreamTls | undefined;
}

type Connector = ReturnType<typeof buildConnector>;

/** Opens connections to the origin, or to what is dialled instead of it. */
export function connector(origin: URL, connectMs: number, settings: ConnectorSettings): Connector {
  const usual = { timeout: connectMs, ...(settings.ca === undefined ? {} : { ca: settings.ca }) };
  const connect = withTls(usual, settings.tls ?? (() => undefined));
  const instead = settings.connectTo?.get(hostAndPort(origin));
  if (instead !== undefined) {
    const dialled = { protocol: instead.protocol, hostname: bareHostname(instead), port: instead.port };
    // `host` stays: the TLS server name is taken from it.
    return (options, callback) => connect({ ...options, ...dialled }, callback);
  }
  const proxy = settings.findProxy?.(origin);
  return proxy === undefined ? connect : throughProxy(proxy, origin, connectMs, connect);
}

/** The usual connector does what no particular settings are for. */
function withTls(usual: buildConnector.BuildOptions, current: () => UpstreamTls | undefined): Connector {
  const connect = buildConnector(usual);
  return (options, connected) => {
    const tls = current();
    if (tls === undefined) connect(options, connected);
    else
      toTlsOptions(tls).then(
        (particular) => buildConnector({ ...usual, ...particular })(options, connected),
        (error: unknown) => connected(toError(error), null),
      );
  };
}

function throughProxy(proxy: URL, origin: URL, connectMs: number, connect: Connector): Connector {
  return (options, connected) => {
    openTunnel(proxy, hostAndPort(origin), connectMs).then(
      (httpSocket) => connect({ ...options, httpSocket }, connected),
      (error: unknown) => connected(toError(error), null),
    );
  };
}

/** `api.openai.com:443`: the key of `connectTo`. */
export function hostAndPort(url: URL): string {
  return `${url.hostname}:${url.port || (url.protocol === "https:" ? "443" : "80")}`;
}

/** Without the brackets of an IPv6 address. */
export function bareHostname(url: URL): string {
  return url.hostname.startsWith("[") ? url.hostname.slice(1, -1) : url.hostname;
}
