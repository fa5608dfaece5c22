import { describe, expect, it } from "vitest";
import { applySteps, planSync } from "../../../src/state/plan.ts";
import type { Snapshot } from "../../../src/state/store.ts";
import { gatewayConfig } from "../../support/gateway-config.ts";

const nothing = { origins: {}, unavailablePlugins: [] };
const snapshot = (config: Snapshot["config"], facts: Partial<Snapshot> = {}): Snapshot => ({
  serial: 3,
  config,
  ...nothing,
  ...facts,
});

describe("a plan with select tags", () => {
  const theirs = { id: "s1", name: "theirs", tags: ["team-b"] };
  const ours = { id: "s2", name: "ours", tags: ["team-a"] };

  it("gives the tags to every entity of the files, and finds nothing to do the second time", () => {
    const desired = { config: gatewayConfig({ services: [{ id: "s2", name: "ours", tags: ["x"] }] }), ...nothing };
    const plan = planSync(snapshot(gatewayConfig({ services: [theirs] })), desired, ["team-a"]);
    expect(plan.steps.map(({ action, after }) => [action, after])).toEqual([
      ["create", { id: "s2", name: "ours", tags: ["x", "team-a"] }],
    ]);
    const next = applySteps(plan.steps, gatewayConfig({ services: [theirs] }));
    expect(planSync(snapshot(next), desired, ["team-a"])).toMatchObject({ steps: [], isEmpty: true });
  });

  it("keeps what is known about the entities of others", () => {
    const current = snapshot(gatewayConfig({ services: [theirs, ours] }), {
      origins: { s1: ["/host"], s2: ["/host"] },
      unavailablePlugins: ["s1", "s2"],
    });
    const plan = planSync(current, { config: gatewayConfig({ services: [ours] }), ...nothing }, ["team-a"]);
    expect(plan).toMatchObject({ steps: [], origins: { s1: ["/host"] }, unavailablePlugins: ["s1"], isEmpty: false });
  });

  it.each([
    ["id", { id: "s1", name: "another" }],
    ["name", { id: "s9", name: "theirs" }],
  ])("refuses the %s of an entity of others", (_, service) => {
    const desired = { config: gatewayConfig({ services: [service] }), ...nothing };
    expect(() => planSync(snapshot(gatewayConfig({ services: [theirs] })), desired, ["team-a"])).toThrow(
      expect.objectContaining({
        code: "GW_STATE_CONFLICT",
        message: expect.stringContaining('service "theirs"') as string,
      }),
    );
  });

  it("refuses the scope of a plugin of others", () => {
    const global = { id: "p1", name: "ai-proxy-advanced", config: {} };
    const desired = { config: gatewayConfig({ plugins: [{ ...global, id: "p2" }] }), ...nothing };
    expect(() => planSync(snapshot(gatewayConfig({ plugins: [global] })), desired, ["team-a"])).toThrow(
      expect.objectContaining({ code: "GW_STATE_CONFLICT" }),
    );
  });

  it("refuses to delete what entities of others still use", () => {
    const current = gatewayConfig({
      services: [ours],
      routes: [{ id: "r1", name: "their-route", service: { id: "s2" } }],
    });
    expect(() => planSync(snapshot(current), { config: gatewayConfig(), ...nothing }, ["team-a"])).toThrow(
      /their-route.*still uses a service/,
    );
  });
});

describe("a plan", () => {
  it("knows an entity by its id: a new id under the same name is a replacement", () => {
    const current = gatewayConfig({ services: [{ id: "s1", name: "a" }] });
    const { steps } = planSync(snapshot(current), {
      config: gatewayConfig({ services: [{ id: "s2", name: "a" }] }),
      ...nothing,
    });
    expect(steps.map(({ action, id }) => [action, id])).toEqual([
      ["create", "s2"],
      ["delete", "s1"],
    ]);
  });

  it("is not empty when only the facts beside the entities changed", () => {
    const config = gatewayConfig({ plugins: [{ id: "p1", name: "x", config: {} }] });
    expect(planSync(snapshot(config), { config, origins: {}, unavailablePlugins: ["p1"] }).isEmpty).toBe(false);
    expect(planSync(snapshot(config), { config, origins: { p1: ["/config/a"] }, unavailablePlugins: [] }).isEmpty).toBe(
      false,
    );
    expect(planSync(snapshot(config), { config, ...nothing }).isEmpty).toBe(true);
  });

  it("compares plugin configuration exactly: order, null and odd keys count", () => {
    const withConfig = (config: object) =>
      gatewayConfig({ plugins: [{ id: "p1", name: "x", config: config as never }] });
    const differs = (a: object, b: object) =>
      planSync(snapshot(withConfig(a)), { config: withConfig(b), ...nothing }).steps.length === 1;
    expect(differs({ tags: ["a", "b"] }, { tags: ["b", "a"] })).toBe(true);
    expect(differs({ a: null }, {})).toBe(true);
    expect(differs({ a: 1, b: 2 }, { b: 2, a: 1 })).toBe(false);
    expect(differs(JSON.parse('{"__proto__": {}}') as object, {})).toBe(true);
    expect(differs({ a: 0 }, { a: -0 })).toBe(false);
    expect(differs({ a: [] }, { a: {} })).toBe(true);
    expect(differs({ a: "1" }, { a: 1 })).toBe(true);
  });
});
