import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Balancer, BalancerEvent, TargetView } from "../../src/balancer/balancer.ts";
import type { Standings } from "../../src/balancer/scoring.ts";
import { TargetMemories } from "../../src/balancer/memory.ts";
import { balancers } from "../../src/catalogue.ts";
import { openBalancer, targetView } from "../support/balancer.ts";

const views: fc.Arbitrary<readonly TargetView[]> = fc
  .array(
    fc.record({
      weight: fc.integer({ min: 1, max: 65_535 }),
      description: fc.constantFrom("code", "mathematics", "tea", "CATCHALL"),
    }),
    { minLength: 1, maxLength: 9 },
  )
  .map((list) =>
    list.map((fields, index) => targetView(index, { ...fields, isCatchall: fields.description === "CATCHALL" })),
  );

/** What happens next, with random numbers in place of indexes: there are as many as the case has targets. */
const steps = fc.array(
  fc.record({
    kind: fc.constantFrom("ask", "start", "good", "bad", "neutral"),
    who: fc.nat(),
    away: fc.bigInt({ min: 0n, max: 511n }),
    key: fc.string(),
    ms: fc.nat({ max: 30_000 }),
    isCounted: fc.boolean(),
  }),
  { maxLength: 60 },
);

describe.each(Object.values(balancers))("$name", (definition) => {
  test("orders the available targets, each once, whatever happened before; and the order changes nothing", () => {
    fc.assert(
      fc.property(views, steps, fc.boolean(), (targets, list, isPriced) => {
        const memories = new TargetMemories();
        const prices = targets.map(() => (isPriced ? { input: 1, output: 2 } : undefined));
        let balancer = openBalancer(definition, targets, { prices, latencyStrategy: "tpot" }, memories);
        let now = 1_000_000;
        for (const { kind, who, away, key, ms, isCounted } of list) {
          now += ms;
          const index = who % targets.length;
          if (kind !== "ask") {
            tell(balancer, toEvent(kind, index, now, ms, isCounted));
            continue;
          }
          const available = targets.filter((_, position) => (away >> BigInt(position)) % 2n === 0n);
          expectOrder(balancer, available, {
            now,
            hashKey: key,
            distances: distancesOf(targets, ms),
            standings: standingsOf(targets, ms),
          });
          if (ms % 7 === 0) balancer = openBalancer(definition, targets, { prices, latencyStrategy: "tpot" }, memories);
        }
      }),
    );
  });
});

function expectOrder(balancer: Balancer, available: readonly TargetView[], pick: Parameters<Balancer["order"]>[1]) {
  const order = balancer.order(available, pick);
  const hasCatchall = available.some(({ isCatchall }) => isCatchall);
  const matching = available.filter(({ index, isCatchall, threshold }) => {
    if (balancer.name !== "semantic" || isCatchall) return true;
    const standing = pick.standings?.[index];
    const isRefused = hasCatchall && standing !== undefined && standing.score < standing.least;
    return (pick.distances?.[index] ?? 0) <= threshold && !isRefused;
  });
  expect(order.toSorted((a, b) => a - b)).toEqual(matching.map(({ index }) => index));
  expect(balancer.order(available, pick)).toEqual(order);
  if (order.length > 0) tell(balancer, { kind: "chosen", order });
}

function tell(balancer: Balancer, event: BalancerEvent): void {
  balancer.observe?.(event);
}

function toEvent(kind: string, index: number, now: number, ms: number, isCounted: boolean): BalancerEvent {
  if (kind === "start") return { kind, index, now };
  const verdict = kind === "good" || kind === "bad" ? kind : "neutral";
  const usage = isCounted ? { prompt_tokens: ms, completion_tokens: ms % 11, total_tokens: ms + (ms % 11) } : undefined;
  return { kind: "end", index, now, result: { verdict, ms, usage } };
}

/** Equal for equal descriptions. */
/** A third of the requests come under the literal rule, and each target is refused now and then. */
function standingsOf(targets: readonly TargetView[], seed: number): Standings | undefined {
  if (seed % 3 === 0) return undefined;
  return targets.map(({ isCatchall, description }) =>
    isCatchall ? undefined : { score: ((seed + description.length * 53) % 10) / 10, least: 0.2, parts: [] },
  );
}

function distancesOf(targets: readonly TargetView[], seed: number): readonly (number | undefined)[] {
  return targets.map(({ isCatchall, description }) =>
    isCatchall ? undefined : ((seed + description.length * 37) % 100) / 60,
  );
}
