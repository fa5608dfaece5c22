import { afterEach, beforeEach, expect, it } from "vitest";
import { publish } from "../../../src/observability/events.ts";
import { createMetrics, type Metrics } from "../../../src/observability/metrics.ts";

let metrics: Metrics;

beforeEach(() => {
  metrics = createMetrics(() => ({ inFlight: 0, serial: 1, routes: 1, problems: 0, secrets: new Map() }));
});
afterEach(() => metrics.close());

const attempt = { exchangeId: "e", provider: "openai", model: "gpt-4o", target: 0, ms: 10 };

it("counts the attempts, and those that may have been charged", async () => {
  publish("attempt-end", { ...attempt, errorCode: "GW_UPSTREAM_CONNECT", isBilled: false });
  publish("attempt-end", { ...attempt, status: 429, isBilled: false });
  publish("attempt-end", { ...attempt, errorCode: "GW_UPSTREAM_RESET", isBilled: true });
  publish("attempt-end", { ...attempt, status: 200, isBilled: true });
  const lines = (await metrics.text()).split("\n").filter((line) => /^gw_ai_(billed_)?attempts_total/.test(line));
  expect(lines).toEqual([
    'gw_ai_attempts_total{provider="openai",model="gpt-4o",outcome="GW_UPSTREAM_CONNECT"} 1',
    'gw_ai_attempts_total{provider="openai",model="gpt-4o",outcome="429"} 1',
    'gw_ai_attempts_total{provider="openai",model="gpt-4o",outcome="GW_UPSTREAM_RESET"} 1',
    'gw_ai_attempts_total{provider="openai",model="gpt-4o",outcome="200"} 1',
    'gw_ai_billed_attempts_total{provider="openai",model="gpt-4o"} 2',
  ]);
});
