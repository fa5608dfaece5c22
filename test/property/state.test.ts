import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kinds } from "../../src/config/kinds.ts";
import type { GatewayConfig } from "../../src/config/types.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { applyPlan } from "../../src/state/apply.ts";
import { diffConfigs } from "../../src/state/diff.ts";
import { applySteps, type Desired, type Plan, planSync } from "../../src/state/plan.ts";
import { bodiesOf } from "../../src/state/resources.ts";
import { emptySnapshot } from "../../src/state/snapshot.ts";
import { openMemoryStore } from "../../src/state/stores/memory.ts";
import { arbitraryConfig, canonical } from "../support/arbitrary-config.ts";
import { gatewayConfig } from "../support/gateway-config.ts";

const author = { at: "2026-11-22T10:00:00.000Z", who: "someone", files: [] };
const desired = (config: GatewayConfig): Desired => ({ config, origins: {}, unavailablePlugins: [] });

describe("planning", () => {
  it("finds nothing to do between a configuration and itself, in whatever order its sets are", () => {
    fc.assert(
      fc.property(arbitraryConfig, (config) => {
        expect(diffConfigs(config, structuredClone(config))).toEqual([]);
        expect(diffConfigs(config, turned(config))).toEqual([]);
      }),
    );
  });

  it("turns any configuration into any other, also after the plan went through JSON", () => {
    fc.assert(
      fc.property(arbitraryConfig, arbitraryConfig, (a, b) => {
        const plan = planSync({ ...emptySnapshot, config: a }, desired(b));
        const stored = JSON.parse(JSON.stringify(plan)) as Plan;
        const result = applySteps(stored.steps, a);
        expect(canonical(result)).toEqual(canonical(b));
        expect(diffConfigs(result, b)).toEqual([]);
      }),
    );
  });

  it("creates and updates up the levels, then deletes down them", () => {
    const levels: Readonly<Record<string, number>> = { consumer: 1, vault: 1, service: 2, route: 3, plugin: 4 };
    fc.assert(
      fc.property(arbitraryConfig, arbitraryConfig, (a, b) => {
        const { steps } = planSync({ ...emptySnapshot, config: a }, desired(b));
        const ranks = steps.map(({ action, kind }) =>
          action === "delete" ? 10 - (levels[kind] ?? 0) : (levels[kind] ?? 0),
        );
        expect(ranks).toEqual(ranks.toSorted((x, y) => x - y));
      }),
    );
  });

  it("changes nothing and writes nothing the second time", async () => {
    await fc.assert(
      fc.asyncProperty(arbitraryConfig, arbitraryConfig, async (a, b) => {
        const store = openMemoryStore();
        for (const config of [a, b]) {
          const before = await store.read();
          await applyPlan(store, before, planSync(before, desired(config)), author);
        }
        const current = await store.read();
        const again = planSync(current, desired(b));
        expect(again).toMatchObject({ steps: [], isEmpty: true });
        expect(await applyPlan(store, current, again, author)).toBe(current.serial);
        expect(await store.read()).toEqual(current);
      }),
    );
  });

  it("leaves what does not carry the select tags alone", () => {
    fc.assert(
      fc.property(arbitraryConfig, (config) => {
        const { steps } = planSync({ ...emptySnapshot, config }, desired(emptySnapshot.config), ["nobody-has-this"]);
        expect(steps).toEqual([]);
      }),
    );
  });
});

/** Every set-like field the other way round. */
function turned(config: GatewayConfig): GatewayConfig {
  const lists = kinds.map(({ collection, sets }) => [
    collection,
    bodiesOf(config, collection).map((body) =>
      Object.fromEntries(
        Object.entries(body).map(([key, value]) => [
          key,
          sets.includes(key) && Array.isArray(value) ? value.toReversed() : value,
        ]),
      ),
    ),
  ]);
  return gatewayConfig(Object.fromEntries(lists) as Record<string, JsonObject[]>);
}
