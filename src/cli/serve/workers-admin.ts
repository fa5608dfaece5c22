import type { AdminSource } from "../../admin/server.ts";
import type { StatusFacts } from "../../admin/status.ts";
import { mergeMetrics } from "../../observability/metrics.ts";
import { version } from "../version.ts";
import type { Workers } from "./workers.ts";

/** What the admin listener tells of several workers: counts are sums, everything else is as the first has it. */
export function workersAdmin(workers: Workers, signal: AbortSignal): AdminSource {
  const startedAt = performance.now();
  return {
    facts: async () => sumFacts(await workers.ask("facts"), performance.now() - startedAt),
    problems: async () => {
      if (signal.aborted) return ["the gateway is stopping"];
      return [...new Set([...workers.problems(), ...(await workers.ask("problems")).flat()])];
    },
    entities: async () => (await workers.ask("entities"))[0] ?? {},
    metrics: async () => await mergeMetrics(await workers.ask("metricValues")),
  };
}

function sumFacts(all: readonly StatusFacts[], uptimeMs: number): StatusFacts {
  const [first] = all;
  const sum = (read: (facts: StatusFacts) => number): number => all.reduce((total, facts) => total + read(facts), 0);
  return {
    version,
    serial: first?.serial,
    routes: first?.routes ?? 0,
    uptimeMs,
    requests: sum(({ requests }) => requests),
    inFlight: sum(({ inFlight }) => inFlight),
    workers: all.length,
    secrets: first?.secrets ?? [],
  };
}
