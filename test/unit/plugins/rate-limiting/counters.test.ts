import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Secret } from "../../../../src/core/secret.ts";
import type { PluginServices } from "../../../../src/plugins/plugin.ts";
import { type Counters, type Limit, periodOf, type Unit } from "../../../../src/plugins/rate-limiting/limits.ts";
import { LocalCounters } from "../../../../src/plugins/rate-limiting/local-counters.ts";
import { RedisCounters } from "../../../../src/plugins/rate-limiting/redis-counters.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../../../services/redis.ts";

const NOON = Date.UTC(2026, 1, 28, 12, 0, 0);

describe("periods", () => {
  it.each<[Unit, number, number]>([
    ["second", NOON + 999, NOON + 1_000],
    ["minute", NOON + 59_999, NOON + 60_000],
    ["hour", NOON + 1, NOON + 3_600_000],
    ["day", NOON, Date.UTC(2026, 2, 1)],
    ["month", NOON, Date.UTC(2026, 2, 1)],
    ["year", NOON, Date.UTC(2027, 0, 1)],
  ])("a %s of the calendar ends where the next begins", (unit, now, end) => {
    expect(periodOf(unit, now).end).toBe(end);
    expect(periodOf(unit, end).start).toBe(end);
    expect(periodOf(unit, end - 1)).toEqual(periodOf(unit, now));
  });
});

const limits: readonly Limit[] = [
  { unit: "minute", count: 2 },
  { unit: "hour", count: 3 },
];

function itCounts(make: () => Counters): void {
  async function remaining(counters: Counters, who: string, now: number): Promise<readonly (number | string)[]> {
    const usages = await counters.take(who, limits, now);
    return usages.map((usage) => (usage.isSpent ? "spent" : usage.remaining));
  }

  it("counts callers apart, and nothing when one limit is spent", async () => {
    const counters = make();
    expect(await remaining(counters, "a", NOON)).toEqual([1, 2]);
    expect(await remaining(counters, "a", NOON)).toEqual([0, 1]);
    expect(await remaining(counters, "a", NOON)).toEqual(["spent", 1]);
    expect(await remaining(counters, "b", NOON)).toEqual([1, 2]);
    expect(await remaining(counters, "a", NOON + 60_000)).toEqual([1, 0]);
    expect(await remaining(counters, "a", NOON + 120_000)).toEqual([2, "spent"]);
    await counters.close();
  });

  it("lets no more through than the limit when all ask at once", async () => {
    const counters = make();
    const asked = await Promise.all(Array.from({ length: 20 }, () => counters.take("a", limits, NOON)));
    expect(asked.filter((usages) => !usages.some(({ isSpent }) => isSpent))).toHaveLength(2);
    await counters.close();
  });
}

describe("local counters", () => {
  itCounts(() => new LocalCounters());
});

describeWithRedis("counters in Redis", () => {
  let redis: RedisServer;
  let made = 0;

  beforeAll(async () => {
    redis = await startRedis();
  });

  afterAll(async () => {
    await redis.stop();
  });

  function redisCounters(pluginId: string): Counters {
    const services = { pluginId, secrets: { resolve: async () => new Secret("") } };
    return new RedisCounters({ host: redis.host, port: redis.port }, services as unknown as PluginServices);
  }

  itCounts(() => redisCounters(`plugin-${(made += 1)}`));

  it("adds up what two gateways let through", async () => {
    const [one, other, ofAnother] = [redisCounters("shared"), redisCounters("shared"), redisCounters("another")];
    await one.take("a", limits, NOON);
    await other.take("a", limits, NOON);
    expect((await one.take("a", limits, NOON))[0]?.isSpent).toBe(true);
    expect((await ofAnother.take("a", limits, NOON))[0]?.isSpent).toBe(false);
    await Promise.all([one, other, ofAnother].map((counters) => counters.close()));
  });
});
