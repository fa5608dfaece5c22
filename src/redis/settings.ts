import { GwError } from "../core/errors.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";

/** A host and port; both may be references. */
export interface RedisAddress {
  readonly host: string;
  readonly port: string;
}

/** A user of Redis; both may be references. Without a password no AUTH is sent, as in Kong. */
export interface RedisLogin {
  readonly username: string | undefined;
  readonly password: string;
}

/** Kong's `redis` block. Its `send_timeout` and `keepalive_*` are about pools of connections; gw has one that all requests share. */
export interface RedisSettings {
  readonly address: RedisAddress;
  readonly login: RedisLogin | undefined;
  readonly database: number;
  readonly connectTimeoutMs: number;
  /** The longest wait for the answer to one command. */
  readonly readTimeoutMs: number;
  /** `serverName` may be a reference. */
  readonly tls: { readonly isVerified: boolean; readonly serverName: string | undefined } | undefined;
  readonly sentinel: SentinelSettings | undefined;
  readonly cluster: { readonly nodes: readonly RedisAddress[]; readonly maxRedirections: number } | undefined;
  /** Proxies such as Envoy do not answer INFO: whether the server has loaded its data cannot be asked. */
  readonly isProxied: boolean;
}

export interface SentinelSettings {
  readonly master: string;
  readonly nodes: readonly RedisAddress[];
  readonly login: RedisLogin | undefined;
}

/** Reads `block`, filling in Kong's defaults. Throws GwError GW_CONFIG_INVALID for what this version cannot do. */
export function readRedisSettings(block: JsonObject): RedisSettings {
  refuseUnsupported(block);
  return {
    address: readAddress(block, "host"),
    login: readLogin(block["username"], block["password"]),
    database: number(block["database"], 0),
    connectTimeoutMs: duration(block["connect_timeout"]),
    readTimeoutMs: duration(block["read_timeout"]),
    tls:
      block["ssl"] === true
        ? { isVerified: block["ssl_verify"] !== false, serverName: text(block["server_name"]) }
        : undefined,
    sentinel: readSentinel(block),
    cluster: readCluster(block),
    isProxied: block["connection_is_proxied"] === true,
  };
}

/** What messages call the server: never a credential. */
export function describeServer(settings: RedisSettings): string {
  const list = (nodes: readonly RedisAddress[]): string => nodes.map(({ host, port }) => `${host}:${port}`).join(", ");
  if (settings.cluster !== undefined) return `the Redis cluster at ${list(settings.cluster.nodes)}`;
  const { sentinel } = settings;
  if (sentinel !== undefined) return `the Redis master "${sentinel.master}" (Sentinels at ${list(sentinel.nodes)})`;
  return `Redis at ${list([settings.address])}`;
}

function refuseUnsupported(block: JsonObject): void {
  const cloud = block["cloud_authentication"];
  if (isJsonObject(cloud) && text(cloud["auth_provider"]) !== undefined) {
    throw invalid("cloud_authentication is not in this version of gw. Use username and password.");
  }
  if (block["sentinel_role"] === "slave") {
    throw invalid('sentinel_role "slave" cannot be used: gw writes to Redis, and replicas refuse it. Use "master".');
  }
  if (text(block["sentinel_master"]) !== undefined && nodeList(block["cluster_nodes"]).length > 0) {
    throw invalid("sentinel_master and cluster_nodes exclude each other. Remove one of them.");
  }
}

function readSentinel(block: JsonObject): SentinelSettings | undefined {
  const master = text(block["sentinel_master"]);
  if (master === undefined) return undefined;
  const nodes = nodeList(block["sentinel_nodes"]).map((node) => readAddress(node, "host"));
  if (nodes.length === 0) throw invalid("sentinel_master needs sentinel_nodes: list at least one host and port.");
  return { master, nodes, login: readLogin(block["sentinel_username"], block["sentinel_password"]) };
}

function readCluster(block: JsonObject): RedisSettings["cluster"] {
  const nodes = nodeList(block["cluster_nodes"]).map((node) => readAddress(node, "ip"));
  if (nodes.length === 0) return undefined;
  if (number(block["database"], 0) !== 0) {
    throw invalid("database must be 0 with cluster_nodes: a Redis cluster has one database.");
  }
  return { nodes, maxRedirections: number(block["cluster_max_redirections"], 5) };
}

function readAddress(block: JsonObject, hostField: string): RedisAddress {
  return { host: text(block[hostField]) ?? "127.0.0.1", port: text(block["port"]) ?? "6379" };
}

function readLogin(username: Json | undefined, password: Json | undefined): RedisLogin | undefined {
  const secret = text(password);
  return secret === undefined ? undefined : { username: text(username), password: secret };
}

function nodeList(value: Json | undefined): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isJsonObject) : [];
}

function text(value: Json | undefined): string | undefined {
  if (typeof value === "number") return String(value);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function number(value: Json | undefined, fallback: number): number {
  return typeof value === "number" ? value : fallback;
}

/** 0 would wait for ever: it stands for Kong's default. */
function duration(value: Json | undefined): number {
  return number(value, 0) || 2_000;
}

function invalid(problem: string): GwError {
  return new GwError("GW_CONFIG_INVALID", `In the redis block: ${problem}`);
}
