import { Cluster, Redis, type RedisOptions } from "ioredis";
import type { Secret } from "../core/secret.ts";
import type { RedisAddress, RedisLogin, RedisSettings, SentinelSettings } from "./settings.ts";

export type RedisClient = Redis | Cluster;

/** The settings' texts as they are at the moment of connecting. */
export type ResolveText = (text: string) => Promise<Secret>;

/** A client with the credentials that must not show in what it throws. */
export interface GuardedClient {
  readonly client: RedisClient;
  readonly secrets: readonly string[];
}

/**
 * Builds a client that is not connected yet and connects once, when asked to: it never reconnects by itself and keeps no commands for later. connection.ts
 * decides when to connect again, and has the credentials resolved anew each time.
 */
export async function createClient(settings: RedisSettings, resolve: ResolveText): Promise<GuardedClient> {
  const login = await resolveLogin(settings.login, resolve);
  const options = { ...commonOptions(settings), ...login, ...(await tlsOptions(settings, resolve)) };
  const { cluster, sentinel } = settings;
  if (cluster !== undefined) {
    const nodes = await Promise.all(cluster.nodes.map((node) => resolveAddress(node, resolve)));
    return { client: createCluster(nodes, cluster.maxRedirections, options), secrets: secretsOf(login) };
  }
  if (sentinel !== undefined) {
    const sentinelLogin = await resolveLogin(sentinel.login, resolve);
    const client = new Redis({ ...options, ...(await sentinelOptions(sentinel, sentinelLogin, options, resolve)) });
    return { client, secrets: [...secretsOf(login), ...secretsOf(sentinelLogin)] };
  }
  const address = await resolveAddress(settings.address, resolve);
  return { client: new Redis({ ...options, ...address }), secrets: secretsOf(login) };
}

function commonOptions(settings: RedisSettings) {
  return {
    // Replies have one shape, the one of fixtures/redis: RediSearch answers quite differently in RESP3.
    protocol: 2,
    connectionName: "gw",
    db: settings.database,
    connectTimeout: settings.connectTimeoutMs,
    commandTimeout: settings.readTimeoutMs,
    lazyConnect: true,
    retryStrategy: () => null,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    enableAutoPipelining: true,
    enableReadyCheck: !settings.isProxied,
  } as const satisfies RedisOptions;
}

type CommonOptions = ReturnType<typeof commonOptions> & PlainLogin & TlsOptions;

function createCluster(nodes: PlainAddress[], maxRedirections: number, options: CommonOptions): Cluster {
  const { retryStrategy, enableOfflineQueue, ...redisOptions } = options;
  return new Cluster(nodes, {
    redisOptions,
    maxRedirections,
    enableOfflineQueue,
    clusterRetryStrategy: retryStrategy,
    lazyConnect: true,
    enableAutoPipelining: true,
    slotsRefreshTimeout: options.connectTimeout,
    // Names stay names: certificates are made out to them.
    ...(options.tls === undefined ? {} : { dnsLookup: (host, done) => done(null, host) }),
  });
}

async function sentinelOptions(
  sentinel: SentinelSettings,
  { username, password }: PlainLogin,
  { tls, commandTimeout }: CommonOptions,
  resolve: ResolveText,
) {
  return {
    name: sentinel.master,
    sentinels: await Promise.all(sentinel.nodes.map((node) => resolveAddress(node, resolve))),
    sentinelRetryStrategy: () => null,
    sentinelCommandTimeout: commandTimeout,
    ...(tls === undefined ? {} : { sentinelTLS: tls, enableTLSForSentinelMode: true }),
    ...(username === undefined ? {} : { sentinelUsername: username }),
    ...(password === undefined ? {} : { sentinelPassword: password }),
  } satisfies RedisOptions;
}

interface PlainAddress {
  readonly host: string;
  readonly port: number;
}

async function resolveAddress(address: RedisAddress, resolve: ResolveText): Promise<PlainAddress> {
  const [host, port] = await Promise.all([resolve(address.host), resolve(address.port)]);
  return { host: host.reveal(), port: Number(port.reveal()) };
}

interface PlainLogin {
  readonly username?: string;
  readonly password?: string;
}

async function resolveLogin(login: RedisLogin | undefined, resolve: ResolveText): Promise<PlainLogin> {
  if (login === undefined) return {};
  const password = (await resolve(login.password)).reveal();
  if (login.username === undefined) return { password };
  return { password, username: (await resolve(login.username)).reveal() };
}

interface TlsOptions {
  readonly tls?: { readonly rejectUnauthorized: boolean; readonly servername?: string };
}

async function tlsOptions({ tls }: RedisSettings, resolve: ResolveText): Promise<TlsOptions> {
  if (tls === undefined) return {};
  const rejectUnauthorized = tls.isVerified;
  if (tls.serverName === undefined) return { tls: { rejectUnauthorized } };
  return { tls: { rejectUnauthorized, servername: (await resolve(tls.serverName)).reveal() } };
}

function secretsOf({ password }: PlainLogin): readonly string[] {
  return password === undefined || password === "" ? [] : [password];
}
