import type { AttemptResult, BalancerDefinition, BalancerSettings } from "../balancer.ts";
import { decay } from "../decay.ts";
import { rank } from "../rank.ts";
import { createRota } from "../rota.ts";

interface Latency {
  /** Peak EWMA in milliseconds, of the whole request or of one token. */
  value: number;
  /** Of the last sample; 0 until there is one. */
  at: number;
  lastSample: number;
  underWay: number;
}

/**
 * Kong's peak EWMA (kong/runloop/balancer/latency.lua): the smallest value / weight, where a value fades while its target is not asked, so
 * that a slow target is tried again now and then. Beyond Kong: it does not fade while a request is under way, or everybody would follow
 * the first who tries; and a failed attempt counts as twice the slowest sample, since failing is fast.
 */
export const lowestLatency: BalancerDefinition = {
  name: "lowest-latency",
  create({ targets, memories, latencyStrategy }) {
    const latencies = memories.map((memory) =>
      memory.keep<Latency>(`lowest-latency ${latencyStrategy}`, () => ({
        value: 0,
        at: 0,
        lastSample: 0,
        underWay: 0,
      })),
    );
    const rota = createRota(memories);

    function score(index: number, now: number): number {
      const latency = latencies[index];
      const weight = targets[index]?.weight ?? 1;
      return (latency === undefined || latency.at === 0 ? meanValue(latencies, now) : valueAt(latency, now)) / weight;
    }

    return {
      name: "lowest-latency",
      isByDistanceOnly: false,
      needsUsage: latencyStrategy === "tpot",
      order: (candidates, { now }) => rank(candidates, (index) => score(index, now), rota),
      observe(event) {
        if (event.kind === "chosen") {
          rota.take(event.order[0]);
          return;
        }
        const latency = latencies[event.index];
        if (latency === undefined) return;
        latency.underWay += event.kind === "start" ? 1 : -1;
        if (event.kind === "start") return;
        const sample = sampleOf(event.result, latencyStrategy);
        if (sample !== undefined) addSample(latency, sample, event.now);
        else if (event.result.verdict === "bad") penalise(latency, latencies, event.now);
      },
    };
  },
};

function valueAt({ value, at, underWay }: Latency, now: number): number {
  return underWay > 0 ? value : value * decay(now - at);
}

/** New targets start at the mean of those that are known. */
function meanValue(latencies: readonly Latency[], now: number): number {
  const known = latencies.filter(({ at }) => at !== 0);
  return known.length === 0 ? 0 : known.reduce((sum, latency) => sum + valueAt(latency, now), 0) / known.length;
}

function sampleOf(
  { verdict, ms, usage }: AttemptResult,
  strategy: BalancerSettings["latencyStrategy"],
): number | undefined {
  if (verdict !== "good") return undefined;
  if (strategy === "e2e") return ms;
  const tokens = usage?.completion_tokens ?? 0;
  return tokens > 0 ? ms / tokens : undefined;
}

function addSample(latency: Latency, sample: number, now: number): void {
  const left = latency.at === 0 ? 0 : decay(now - latency.at);
  latency.value = latency.value * left + sample * (1 - left);
  latency.at = now;
  latency.lastSample = sample;
}

function penalise(latency: Latency, latencies: readonly Latency[], now: number): void {
  const slowest = Math.max(...latencies.map(({ lastSample }) => lastSample));
  if (slowest === 0) return;
  latency.value = Math.max(latency.value, 2 * slowest);
  latency.at = now;
}
