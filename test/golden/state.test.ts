import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { eventsText, summaryText } from "../../src/cli/views/plan.ts";
import { jsonText, planReport } from "../../src/cli/views/report.ts";
import type { Origins } from "../../src/config/types.ts";
import { maskSteps, type SensitivePointers } from "../../src/state/mask.ts";
import { planSync } from "../../src/state/plan.ts";
import { idOf } from "../../src/state/resources.ts";
import { gatewayConfig } from "../support/gateway-config.ts";

const folder = fileURLToPath(new URL("../../fixtures/state", import.meta.url));

interface States {
  readonly current: Parameters<typeof gatewayConfig>[0];
  readonly desired: Parameters<typeof gatewayConfig>[0];
  readonly currentOrigins?: Origins;
  readonly desiredOrigins?: Origins;
  readonly sensitive?: Readonly<Record<string, readonly string[]>>;
  readonly selectTags?: readonly string[];
}

describe.each(readdirSync(folder))("fixtures/state/%s", (name) => {
  const states = JSON.parse(readFileSync(`${folder}/${name}/states.json`, "utf8")) as States;
  const plan = planSync(
    { serial: 7, config: gatewayConfig(states.current), origins: states.currentOrigins ?? {}, unavailablePlugins: [] },
    { config: gatewayConfig(states.desired), origins: states.desiredOrigins ?? {}, unavailablePlugins: [] },
    states.selectTags,
  );
  const sensitivePointers: SensitivePointers = (_, body) => states.sensitive?.[idOf(body)] ?? [];
  const steps = maskSteps(plan, sensitivePointers, { maskOrigins: true });
  const text = `${eventsText(steps, false)}${summaryText(plan, false)}`;
  const json = jsonText(planReport({ steps, serial: plan.serial }));

  it("prints as decK would", async () => {
    await expect(text).toMatchFileSnapshot(`${folder}/${name}/plan.txt`);
  });

  it("reports as JSON", async () => {
    await expect(json).toMatchFileSnapshot(`${folder}/${name}/plan.json`);
  });

  it("shows no planted secret", () => {
    expect(`${text}${json}`).not.toContain("planted");
  });
});
