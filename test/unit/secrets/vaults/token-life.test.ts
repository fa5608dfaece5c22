import { describe, expect, it } from "vitest";
import { type Lease, leaseOf, TokenLife } from "../../../../src/secrets/vaults/hcv/token-life.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";

function start(answers: readonly (Lease | undefined)[]) {
  const clock = createFakeClock();
  const left = [...answers];
  const warnings: number[] = [];
  const asked: number[] = [];
  const begunAt = clock.now();
  const life = new TokenLife({
    clock,
    random: () => 0,
    async prolong() {
      asked.push(clock.now() - begunAt);
      return left.shift();
    },
    onWarning: (leftMs) => warnings.push(leftMs),
  });
  const advance = async (ms: number): Promise<void> => {
    clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  return { life, clock, asked, warnings, advance };
}

const minute: Lease = { ttlMs: 60_000, isRenewable: true };

describe("the life of a token", () => {
  it("is prolonged when six tenths of it have passed, again and again", async () => {
    const { life, asked, advance } = start([minute, minute]);
    life.start(minute);
    await advance(35_999);
    expect(asked).toEqual([]);
    await advance(1);
    await advance(36_000);
    expect(asked).toEqual([36_000, 72_000]);
  });

  it("is tried to be prolonged until it ends, with a warning each time", async () => {
    const { life, clock, asked, warnings, advance } = start([]);
    life.start({ ttlMs: 10_000, isRenewable: true });
    while (clock.waiting.length > 0) await advance(clock.waiting[0] ?? 0);
    expect(asked).toEqual([6_000, 6_500, 7_500, 9_500, 10_000]);
    expect(warnings).toEqual([4_000, 3_500, 2_500, 500, 0]);
  });

  it("of a token for ever needs nothing, and nothing is done after the end", async () => {
    const { life, clock } = start([]);
    life.start(leaseOf({ ttl: 0 }));
    expect(clock.waiting).toEqual([]);
    life.start(minute);
    life.stop();
    expect(clock.waiting).toEqual([]);
  });

  it("is read from what Vault answers", () => {
    expect(leaseOf({ lease_duration: 60, renewable: true })).toEqual(minute);
    expect(leaseOf({ ttl: 60, renewable: false })).toEqual({ ttlMs: 60_000, isRenewable: false });
    expect(leaseOf({ ttl: 0, expire_time: null, renewable: false }).ttlMs).toBe(Infinity);
    expect(leaseOf({ ttl: 0, expire_time: "2026-11-22T22:00:00Z", renewable: false }).ttlMs).toBe(0);
    expect(leaseOf(undefined)).toEqual({ ttlMs: Infinity, isRenewable: false });
  });
});
