import { describe, expect, it } from "vitest";
import type { Json } from "../../../src/core/json.ts";
import { maskSteps } from "../../../src/state/mask.ts";
import { planSync } from "../../../src/state/plan.ts";
import { emptySnapshot } from "../../../src/state/snapshot.ts";
import { gatewayConfig } from "../../support/gateway-config.ts";

function shown(value: Json): unknown {
  const config = gatewayConfig({ plugins: [{ id: "p1", name: "x", config: { "a/b~c": value } }] });
  const plan = planSync(emptySnapshot, { config, origins: {}, unavailablePlugins: [] });
  const [step] = maskSteps(plan, () => ["/config/a~1b~0c"], { maskOrigins: true });
  const masked = step?.after?.["config"] as Readonly<Record<string, unknown>> | undefined;
  return masked?.["a/b~c"];
}

describe("a sensitive field", () => {
  it.each([
    "{vault://env/key}",
    "{vault://hashicorp-vault/openai/key}",
    "Bearer {vault://env/key}",
    '${{ env "DECK_KEY" }}',
    'Bearer ${{ env "DECK_KEY" }}',
  ])("shows where the secret is: %s", (value) => {
    expect(shown(value)).toBe(value);
  });

  it.each<Json>([
    "sk-secret",
    "",
    4711,
    true,
    ["sk-secret"],
    { key: "sk-secret" },
    "sk-secret {vault://env/key}",
    "{vault://env/key}sk-secret",
    "$sk-secret",
  ])("hides the secret itself: %j", (value) => {
    expect(shown(value)).toBe("[masked]");
  });

  it.each([
    ['${{ env "DECK_KEY" "sk-secret" }}', '${{ env "DECK_KEY" "[masked]" }}'],
    ['Bearer ${{ env "DECK_KEY" "sk-\\"secret" }}', 'Bearer ${{ env "DECK_KEY" "[masked]" }}'],
    ["${{ env `DECK_KEY` `sk-secret` }}", '${{ env `DECK_KEY` "[masked]" }}'],
  ])("hides the fallback of an expression: %s", (value, expected) => {
    expect(shown(value)).toBe(expected);
  });

  it("shows that nothing is set", () => {
    expect(shown(null)).toBeNull();
  });
});

describe("a value from the environment", () => {
  const config = (host: string) => gatewayConfig({ services: [{ id: "s1", name: "a", host }] });
  const plan = planSync(
    { ...emptySnapshot, config: config("literal") },
    { config: config("from-environment"), origins: { s1: ["/host"] }, unavailablePlugins: [] },
  );

  it("is masked on both sides", () => {
    const [step] = maskSteps(plan, () => [], { maskOrigins: true });
    expect([step?.before?.["host"], step?.after?.["host"]]).toEqual(["[masked]", "[masked]"]);
  });

  it("is shown on request, unless the field holds a secret", () => {
    const [step] = maskSteps(plan, () => [], { maskOrigins: false });
    expect(step?.after?.["host"]).toBe("from-environment");
    const [secret] = maskSteps(plan, () => ["/host"], { maskOrigins: false });
    expect(secret?.after?.["host"]).toBe("[masked]");
  });
});
