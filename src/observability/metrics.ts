import {
  AggregatorRegistry,
  Counter,
  Gauge,
  type MetricObjectWithValues,
  type MetricValue,
  Registry,
} from "prom-client";
import { type ExchangeEnd, subscribe } from "./events.ts";
import { CounterSeries, HistogramSeries } from "./series.ts";

/** What is asked when metrics are read. */
export interface MetricsSource {
  readonly inFlight: number;
  readonly serial: number | undefined;
  readonly routes: number;
  readonly problems: number;
  /** Each secret that is served, by its reference. In seconds: since it was read, and past its ttl. */
  readonly secrets: ReadonlyMap<string, { readonly age: number; readonly stale: number }>;
  /** The targets of upstream entities. */
  readonly upstreamTargets: readonly UpstreamTargetState[];
  /** The targets of AI plugins. */
  readonly aiTargets: readonly AiTargetState[];
}

export interface AiTargetState {
  /** Instance name of the plugin, else its id. */
  readonly plugin: string;
  /** Position in the plugin's `targets`. */
  readonly target: number;
  readonly provider: string;
  /** undefined where the client chooses. */
  readonly model: string | undefined;
  readonly breaker: "closed" | "half-open" | "open";
}

export interface UpstreamTargetState {
  readonly upstream: string;
  readonly target: string;
  readonly isHealthy: boolean;
}

export interface Metrics {
  /** In Prometheus' text format. */
  text(): Promise<string>;
  /** For `mergeMetrics` of another process. */
  values(): Promise<MetricValues>;
  close(): void;
}

export type MetricValues = readonly MetricObjectWithValues<MetricValue<string>>[];

export const METRICS_TYPE = Registry.PROMETHEUS_CONTENT_TYPE;

/** The sum over processes. */
export async function mergeMetrics(all: readonly MetricValues[]): Promise<string> {
  return await AggregatorRegistry.aggregate(all.map((values) => [...values])).metrics();
}

const LATENCY_BUCKETS_MS = [1, 2, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 5_000, 10_000, 30_000, 60_000, 120_000];

/** A client may name any model where targets allow it: from here on they are counted as one. */
const MAX_MODELS = 200;

/**
 * Counts what the events tell. Labels are names of the configuration and short lists of words, never what a client sends: their number
 * is bounded.
 */
export function createMetrics(source: () => MetricsSource): Metrics {
  const registry = new Registry();
  const stops = [
    ...countExchanges(registry),
    ...countAttempts(registry),
    ...countLookups(registry),
    ...countChanges(registry),
  ];
  addGauges(registry, source);
  return {
    text: async () => await registry.metrics(),
    values: async () => await registry.getMetricsAsJSON(),
    close: () => {
      for (const stop of stops) stop();
      registry.clear();
    },
  };
}

type Stop = () => void;

function countExchanges(registry: Registry): readonly Stop[] {
  const requests = new CounterSeries(registry, {
    name: "gw_http_requests_total",
    help: "Requests that have ended, by route and status; status 499: the client went away before an answer began.",
    labelNames: ["route", "service", "status"],
  });
  const latency = new HistogramSeries(registry, {
    name: "gw_http_latency_ms",
    help: "request: from its head to the end of the answer; upstream: until the upstream's head; gw: until the first attempt.",
    labelNames: ["type", "route"],
    buckets: LATENCY_BUCKETS_MS,
  });
  const cancelled = new CounterSeries(registry, {
    name: "gw_http_cancelled_total",
    help: "Requests whose client went away before the answer was complete.",
    labelNames: ["route"],
  });
  const bytes = new CounterSeries(registry, {
    name: "gw_http_sent_bytes_total",
    help: "Bytes of bodies that were sent to clients.",
    labelNames: ["route"],
  });
  const errors = new CounterSeries(registry, {
    name: "gw_http_errors_total",
    help: "Requests that ended with an error of gw's own, by its code.",
    labelNames: ["code"],
  });
  const countAi = aiCounter(registry);
  return [
    subscribe("exchange-end", (event) => {
      const route = event.route ?? "";
      requests.add([route, event.service ?? "", String(event.status)]);
      latency.observe(["request", route], event.ms);
      if (event.upstreamMs !== undefined) latency.observe(["upstream", route], event.upstreamMs);
      if (event.proxyMs !== undefined) latency.observe(["gw", route], event.proxyMs);
      bytes.add([route], event.bytesSent);
      if (event.isCancelled) cancelled.add([route]);
      if (event.errorCode !== undefined) errors.add([event.errorCode]);
      if (event.ai !== undefined) countAi(route, event.ai);
    }),
  ];
}

function aiCounter(registry: Registry): (route: string, ai: NonNullable<ExchangeEnd["ai"]>) => void {
  const decisions = new CounterSeries(registry, {
    name: "gw_ai_decisions_total",
    help: "AI requests by the target that served them and the reason it was chosen for.",
    labelNames: ["route", "provider", "model", "reason"],
  });
  const tokens = new CounterSeries(registry, {
    name: "gw_ai_tokens_total",
    help: "Tokens that providers reported.",
    labelNames: ["provider", "model", "type"],
  });
  const answers = new CounterSeries(registry, {
    name: "gw_ai_vector_answers_total",
    help: "AI requests by what told the distances: a vector store, or copy, the one inside gw, while the store is away.",
    labelNames: ["store"],
  });
  const boundModel = boundedModels();
  return (route, ai) => {
    const provider = textOf(ai["provider"]);
    const model = boundModel(textOf(ai["model"]));
    decisions.add([route, provider, model, textOf(ai["reason"])]);
    const store = textOf(ai["vector_store"]);
    if (store !== "") answers.add([store]);
    const { usage } = ai;
    if (typeof usage !== "object" || usage === null) return;
    for (const [type, count] of Object.entries(usage))
      if (TOKEN_TYPES.has(type) && typeof count === "number") tokens.add([provider, model, type], count);
  };
}

const TOKEN_TYPES: ReadonlySet<string> = new Set(["prompt_tokens", "completion_tokens"]);

function countAttempts(registry: Registry): readonly Stop[] {
  const attempts = new CounterSeries(registry, {
    name: "gw_ai_attempts_total",
    help: "Attempts at targets, by how they ended: a status, or the code of an error.",
    labelNames: ["provider", "model", "outcome"],
  });
  const billed = new CounterSeries(registry, {
    name: "gw_ai_billed_attempts_total",
    help: "Attempts that their provider may have charged for: answers, and what was cut off before its end.",
    labelNames: ["provider", "model"],
  });
  const latency = new HistogramSeries(registry, {
    name: "gw_ai_attempt_ms",
    help: "How long attempts took.",
    labelNames: ["provider", "model"],
    buckets: LATENCY_BUCKETS_MS,
  });
  const boundModel = boundedModels();
  return [
    subscribe("attempt-end", ({ provider, model: name, status, errorCode, ms, isBilled }) => {
      const model = boundModel(name);
      attempts.add([provider, model, errorCode ?? String(status ?? "")]);
      if (isBilled) billed.add([provider, model]);
      latency.observe([provider, model], ms);
    }),
  ];
}

function countLookups(registry: Registry): readonly Stop[] {
  const lookups = new CounterSeries(registry, {
    name: "gw_ai_embedding_lookups_total",
    help: "Vectors of requests' texts that were asked for: hit, from the cache; miss, from the embedding model.",
    labelNames: ["result"],
  });
  return [subscribe("embedding-lookup", ({ isCached }) => lookups.add(isCached ? HIT : MISS))];
}

const HIT = ["hit"];
const MISS = ["miss"];

function countChanges(registry: Registry): readonly Stop[] {
  const reloads = new Counter({
    name: "gw_config_reloads_total",
    help: "Configurations that were taken or refused since the start.",
    labelNames: ["result"],
    registers: [registry],
  });
  const notices = new Counter({
    name: "gw_notices_total",
    help: "Notices of the log, by their code.",
    labelNames: ["code"],
    registers: [registry],
  });
  return [
    subscribe("config-swap", () => reloads.inc({ result: "served" })),
    subscribe("config-refused", () => reloads.inc({ result: "refused" })),
    subscribe("notice", ({ code }) => notices.inc({ code })),
  ];
}

function addGauges(registry: Registry, source: () => MetricsSource): void {
  const gauge = (name: string, help: string, read: (now: MetricsSource) => number, aggregator: "sum" | "max"): Gauge =>
    new Gauge({
      name,
      help,
      registers: [registry],
      aggregator,
      collect() {
        this.set(read(source()));
      },
    });
  gauge("gw_http_requests_in_flight", "Requests that are being served.", ({ inFlight }) => inFlight, "sum");
  gauge(
    "gw_config_serial",
    "Of the configuration that is served; 0 when it came from files.",
    ({ serial }) => serial ?? 0,
    "max",
  );
  gauge("gw_config_routes", "Routes of the configuration that is served.", ({ routes }) => routes, "max");
  gauge("gw_problems", "Why the gateway is not ready; 0 when it is.", ({ problems }) => problems, "max");
  gauge("gw_memory_bytes", "Resident memory of all processes.", () => process.memoryUsage.rss(), "sum");
  const ofSecrets = (name: string, help: string, read: (secret: { age: number; stale: number }) => number): void => {
    const perReference: Gauge = new Gauge({
      name,
      help,
      labelNames: ["reference"],
      aggregator: "max",
      registers: [registry],
      collect() {
        perReference.reset();
        for (const [reference, secret] of source().secrets) perReference.set({ reference }, read(secret));
      },
    });
  };
  ofSecrets("gw_secret_age_seconds", "Since a vault was read for a secret.", ({ age }) => age);
  ofSecrets("gw_secret_stale_seconds", "How long a secret that is served has been past its ttl.", ({ stale }) => stale);
  addTargetGauge(registry, source);
  addBreakerGauge(registry, source);
}

function addBreakerGauge(registry: Registry, source: () => MetricsSource): void {
  const breakers: Gauge = new Gauge({
    name: "gw_ai_breaker_state",
    help: "Of a target of an AI plugin: 0 closed; 1 half-open, the next request tries it; 2 open, it gets none. The worst of all processes.",
    labelNames: ["plugin", "target", "provider", "model"],
    aggregator: "max",
    registers: [registry],
    collect() {
      breakers.reset();
      for (const { plugin, target, provider, model = "", breaker } of source().aiTargets)
        breakers.set({ plugin, target, provider, model }, BREAKER_VALUES[breaker]);
    },
  });
}

const BREAKER_VALUES = { closed: 0, "half-open": 1, open: 2 } as const;

function addTargetGauge(registry: Registry, source: () => MetricsSource): void {
  const targets: Gauge = new Gauge({
    name: "gw_upstream_target_healthy",
    help: "1 for a target of an upstream to which requests go, 0 for one that a process has found unhealthy.",
    labelNames: ["upstream", "target"],
    aggregator: "min",
    registers: [registry],
    collect() {
      targets.reset();
      for (const { upstream, target, isHealthy } of source().upstreamTargets)
        targets.set({ upstream, target }, Number(isHealthy));
    },
  });
}

function boundedModels(): (model: string) => string {
  const known = new Set<string>();
  return (model) => {
    if (known.has(model)) return model;
    if (known.size >= MAX_MODELS) return "other";
    known.add(model);
    return model;
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}
