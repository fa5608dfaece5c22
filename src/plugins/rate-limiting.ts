import type { ConfigFinding, RateLimitingConfig } from "../config/types.ts";
import { RequestError } from "../core/errors.ts";
import { definePlugin, type Exchange, type Plugin, type PluginServices } from "./plugin.ts";
import { type Counters, limitsOf, type Usage } from "./rate-limiting/limits.ts";
import { LocalCounters } from "./rate-limiting/local-counters.ts";

/** Kong's rate-limiting: so many requests in a second, minute, hour, day, month or year of the calendar. */
export const rateLimiting = definePlugin<RateLimitingConfig>({
  name: "rate-limiting",
  priority: 910,
  check,
  create: async (config, services) => createRateLimiting(config, await openCounters(config, services), services),
});

function check(config: RateLimitingConfig): readonly ConfigFinding[] {
  const error = (at: string, message: string): ConfigFinding => ({ severity: "error", code: "bad-value", message, at });
  const findings: ConfigFinding[] = [];
  const limits = limitsOf(config);
  if (limits.length === 0) findings.push(error("minute", "needs a limit: second, minute, hour, day, month or year."));
  for (const [index, { unit, count }] of limits.entries()) {
    const shorter = limits[index - 1];
    if (shorter !== undefined && shorter.count > count)
      findings.push(
        error(unit, `the limit of a ${unit} is smaller than that of a ${shorter.unit}, which can never be reached.`),
      );
  }
  if (config.limit_by === "header" && config.header_name === undefined)
    findings.push(error("header_name", "limit_by header needs header_name."));
  if (config.limit_by === "path" && config.path === undefined)
    findings.push(error("path", "limit_by path needs path."));
  if (config.limit_by === "consumer-group")
    findings.push(error("limit_by", "limit_by consumer-group is not supported. Use consumer."));
  if (config.policy === "cluster")
    findings.push(error("policy", "policy cluster needs Kong's database, which gw does not have. Use redis."));
  if (config.policy === "redis" && config.redis === undefined)
    findings.push(error("redis", "policy redis needs redis."));
  return findings;
}

async function openCounters(config: RateLimitingConfig, services: PluginServices): Promise<Counters> {
  if (config.policy === "local") return services.keep(() => new LocalCounters());
  const { RedisCounters } = await import("./rate-limiting/redis-counters.ts");
  return new RedisCounters(config.redis ?? {}, services);
}

function createRateLimiting(config: RateLimitingConfig, counters: Counters, { clock, notify }: PluginServices): Plugin {
  const limits = limitsOf(config);
  return {
    needs: () => counters.needs?.() ?? [],
    close: async () => await counters.close(),
    handle: async (exchange, next) => {
      const usages = await count(exchange);
      if (usages === undefined) return await next();
      if (!config.hide_client_headers) tellUsage(exchange, usages);
      const spent = usages.find(({ isSpent }) => isSpent);
      if (spent === undefined) return await next();
      exchange.setHeader("Retry-After", String(spent.resetSeconds));
      throw new RequestError("GW_ACCESS_LIMITED", config.error_message, { status: config.error_code });
    },
  };

  /** undefined when requests cannot be counted and are let through. */
  async function count(exchange: Exchange): Promise<readonly Usage[] | undefined> {
    try {
      return await counters.take(countedAs(exchange, config), limits, clock.now());
    } catch (thrown) {
      if (!config.fault_tolerant)
        throw new RequestError("GW_ACCESS_CLOSED", "Requests cannot be counted now. Try again later.", {
          cause: thrown,
        });
      notify({
        code: "rate-limit-not-counted",
        message: `Requests are let through without being counted: ${messageOf(thrown)}`,
      });
      return undefined;
    }
  }
}

/** What a limit belongs to; the client's address where it is unknown. */
function countedAs(exchange: Exchange, { limit_by: by, header_name: header, path }: RateLimitingConfig): string {
  const { identity, service, request, clientAddress } = exchange;
  const found = {
    consumer: () => identity?.caller.id,
    credential: () => identity?.credential,
    service: () => service?.id,
    header: () => (header === undefined ? undefined : request.header(header)),
    path: () => (path === request.path ? path : undefined),
    ip: () => undefined,
    "consumer-group": () => undefined,
  }[by]();
  return found ?? clientAddress;
}

/** Each limit, and that of which the least remains in the header that IETF drafts speak of. */
function tellUsage(exchange: Exchange, usages: readonly Usage[]): void {
  for (const { limit, remaining } of usages) {
    const unit = limit.unit.charAt(0).toUpperCase() + limit.unit.slice(1);
    exchange.setHeader(`X-RateLimit-Limit-${unit}`, String(limit.count));
    exchange.setHeader(`X-RateLimit-Remaining-${unit}`, String(remaining));
  }
  const [tightest] = [...usages].sort((a, b) => a.remaining - b.remaining || b.resetSeconds - a.resetSeconds);
  if (tightest === undefined) return;
  exchange.setHeader("RateLimit-Limit", String(tightest.limit.count));
  exchange.setHeader("RateLimit-Remaining", String(tightest.remaining));
  exchange.setHeader("RateLimit-Reset", String(tightest.resetSeconds));
}

function messageOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
