import { stripVTControlCharacters } from "node:util";
import { describe, expect, it } from "vitest";
import { eventsText, summaryText } from "../../../../src/cli/views/plan.ts";
import { maskSteps } from "../../../../src/state/mask.ts";
import { planSync } from "../../../../src/state/plan.ts";
import { emptySnapshot } from "../../../../src/state/snapshot.ts";
import { gatewayConfig } from "../../../support/gateway-config.ts";

// What is printed is pinned in test/golden/state.test.ts; here: colour.
describe("a coloured plan", () => {
  const plan = planSync(
    {
      ...emptySnapshot,
      config: gatewayConfig({
        services: [
          { id: "a", name: "a", port: 1 },
          { id: "b", name: "b" },
        ],
      }),
    },
    {
      config: gatewayConfig({
        services: [
          { id: "a", name: "a", port: 2 },
          { id: "c", name: "c" },
        ],
      }),
      origins: {},
      unavailablePlugins: [],
    },
  );
  const text = eventsText(
    maskSteps(plan, () => [], { maskOrigins: true }),
    true,
  );

  it("is green, yellow and red, line by line", () => {
    expect(text).toContain("\u001b[32mcreating service c\u001b[39m\n");
    expect(text).toContain("\u001b[33mupdating service a\u001b[39m  {\n");
    expect(text).toContain('\u001b[31m-  "port": 1\u001b[39m\n\u001b[32m+  "port": 2\u001b[39m\n');
    expect(text).toContain("\u001b[31mdeleting service b\u001b[39m\n");
  });

  it("says the same without colour", () => {
    const plain = eventsText(
      maskSteps(plan, () => [], { maskOrigins: true }),
      false,
    );
    expect(stripVTControlCharacters(text)).toBe(plain);
    expect(summaryText(plan, true)).toContain("\u001b[32m\u001b[1mSummary:");
  });
});
