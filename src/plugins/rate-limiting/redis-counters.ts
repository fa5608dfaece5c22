import type { JsonObject } from "../../core/json.ts";
import { Secret } from "../../core/secret.ts";
import { RedisConnection } from "../../redis/connection.ts";
import { readServerVersion } from "../../redis/server-version.ts";
import { readRedisSettings } from "../../redis/settings.ts";
import { isReference } from "../../secrets/reference.ts";
import type { Need } from "../need.ts";
import type { PluginServices } from "../plugin.ts";
import { type Counters, type Limit, periodOf, type Usage, usagesOf } from "./limits.ts";

/**
 * Looks and counts in one step, so that gateways that ask at the same time do not both take the last request. KEYS: one a limit;
 * ARGV: for each its count and the milliseconds until its key may go.
 */
const SCRIPT = `
local before = {}
local spent = false
for i, key in ipairs(KEYS) do
  before[i] = tonumber(redis.call('GET', key) or '0')
  if before[i] + 1 > tonumber(ARGV[2 * i - 1]) then spent = true end
end
if not spent then
  for i, key in ipairs(KEYS) do
    redis.call('INCR', key)
    redis.call('PEXPIRE', key, ARGV[2 * i])
  end
end
return before`;

/** Counts in a Redis that several gateways share. Throws RedisFailure, or what resolving a reference throws. */
export class RedisCounters implements Counters {
  readonly #connection: RedisConnection;
  readonly #owner: string;

  constructor(redis: JsonObject, { pluginId, secrets, clock }: PluginServices) {
    const timeout = redis["timeout"] ?? 2_000;
    const settings = readRedisSettings({ ...redis, connect_timeout: timeout, read_timeout: timeout });
    this.#connection = new RedisConnection(settings, {
      resolve: async (text, options) => (isReference(text) ? await secrets.resolve(text, options) : new Secret(text)),
      clock,
    });
    this.#owner = pluginId;
  }

  async take(countedAs: string, limits: readonly Limit[], now: number): Promise<readonly Usage[]> {
    const periods = limits.map(({ unit }) => ({ unit, ...periodOf(unit, now) }));
    // Braces keep the keys of one caller on one node of a cluster.
    const keys = periods.map(({ unit, start }) => `gw:ratelimit:{${this.#owner}:${countedAs}}:${start}:${unit}`);
    const args = periods.flatMap(({ end }, index) => [limits[index]?.count ?? 0, end - now + 1_000]);
    const reply = await this.#connection.send("EVAL", [SCRIPT, keys.length, ...keys, ...args]);
    const before = Array.isArray(reply) ? reply.map(Number) : [];
    return usagesOf(limits, before, now);
  }

  needs(): readonly Need[] {
    const connection = this.#connection;
    return [{ kind: "redis", name: connection.server, probe: async () => await readServerVersion(connection) }];
  }

  async close(): Promise<void> {
    await this.#connection.close();
  }
}
