import { afterEach, beforeEach, expect, it } from "vitest";
import { publish } from "../../../src/observability/events.ts";
import { createMetrics, mergeMetrics, type Metrics } from "../../../src/observability/metrics.ts";

let metrics: Metrics;

let workerBreaker: "closed" | "open" = "closed";

beforeEach(() => {
  const upstreamTargets = [
    { upstream: "pool", target: "a:80", isHealthy: true },
    { upstream: "pool", target: "b:80", isHealthy: false },
  ];
  metrics = createMetrics(() => ({
    inFlight: 0,
    serial: 1,
    routes: 1,
    problems: 0,
    secrets: new Map(),
    upstreamTargets,
    aiTargets: [
      { plugin: "chat", target: 0, provider: "openai", model: "gpt-4o", breaker: workerBreaker },
      { plugin: "chat", target: 1, provider: "mistral", model: undefined, breaker: "half-open" },
    ],
  }));
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

it("counts what told the distances, and nothing for requests that compared none", async () => {
  const end = { exchangeId: "e", startedAt: 0, ms: 1, clientAddress: "", method: "POST", path: "/", status: 200 };
  const ended = { ...end, isCancelled: false, bytesSent: 0 };
  for (const store of ["redis-search", "copy", "copy", undefined]) {
    publish("exchange-end", { ...ended, ai: { provider: "openai", model: "gpt-4o", vector_store: store } });
  }
  const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("gw_ai_vector_answers_total"));
  expect(lines).toEqual([
    'gw_ai_vector_answers_total{store="redis-search"} 1',
    'gw_ai_vector_answers_total{store="copy"} 2',
  ]);
});

it("shows each target of an upstream as healthy or not", async () => {
  const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("gw_upstream_target_healthy"));
  expect(lines).toEqual([
    'gw_upstream_target_healthy{upstream="pool",target="a:80"} 1',
    'gw_upstream_target_healthy{upstream="pool",target="b:80"} 0',
  ]);
});

it("shows the breaker of each AI target, of several processes the worst", async () => {
  const closed = await metrics.values();
  workerBreaker = "open";
  const lines = (await mergeMetrics([await metrics.values(), closed]))
    .split("\n")
    .filter((line) => line.startsWith("gw_ai_breaker_state"));
  expect(lines).toEqual([
    'gw_ai_breaker_state{plugin="chat",target="0",provider="openai",model="gpt-4o"} 2',
    'gw_ai_breaker_state{plugin="chat",target="1",provider="mistral",model=""} 1',
  ]);
});

it("counts the lookups of embeddings by their result", async () => {
  for (const isCached of [true, false, true]) publish("embedding-lookup", { isCached });
  const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("gw_ai_embedding_lookups_total"));
  expect(lines).toEqual([
    'gw_ai_embedding_lookups_total{result="hit"} 2',
    'gw_ai_embedding_lookups_total{result="miss"} 1',
  ]);
});
