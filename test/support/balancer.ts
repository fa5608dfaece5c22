import type { Standings } from "../../src/balancer/scoring.ts";
import type {
  AttemptResult,
  Balancer,
  BalancerDefinition,
  BalancerSettings,
  Distances,
  TargetView,
} from "../../src/balancer/balancer.ts";
import { TargetMemories } from "../../src/balancer/memory.ts";

/** A target of weight 100 without a description. */
export function targetView(index: number, fields: Partial<TargetView> = {}): TargetView {
  return { index, weight: 100, description: `target ${index}`, isCatchall: false, threshold: 0.8, ...fields };
}

export function weighted(...weights: readonly number[]): readonly TargetView[] {
  return weights.map((weight, index) => targetView(index, { weight }));
}

export function openBalancer(
  definition: BalancerDefinition,
  targets: readonly TargetView[],
  fields: Partial<BalancerSettings> = {},
  memories = new TargetMemories(),
): Balancer {
  const identities = targets.map(({ description }) => description);
  return definition.create({
    targets,
    memories: memories.open("plugin", identities).memories,
    slots: 10_000,
    latencyStrategy: "e2e",
    usageStrategy: "total-tokens",
    prices: [],
    ...fields,
  });
}

export function orderAt(
  balancer: Balancer,
  targets: readonly TargetView[],
  now = 0,
  more: { readonly hashKey?: string; readonly distances?: Distances; readonly standings?: Standings } = {},
): readonly number[] {
  return balancer.order(targets, { now, hashKey: "", distances: undefined, standings: undefined, ...more });
}

/** What serving does with one request: the choice counts as a turn. */
export function choose(
  balancer: Balancer,
  targets: readonly TargetView[],
  now = 0,
  more: Parameters<typeof orderAt>[3] = {},
): number {
  const order = orderAt(balancer, targets, now, more);
  balancer.observe?.({ kind: "chosen", order });
  return order[0] ?? -1;
}

/** An attempt that takes no time of the clock. */
export function attempt(balancer: Balancer, index: number, now: number, result: Partial<AttemptResult> = {}): void {
  balancer.observe?.({ kind: "start", index, now });
  end(balancer, index, now, result);
}

export function end(balancer: Balancer, index: number, now: number, result: Partial<AttemptResult> = {}): void {
  balancer.observe?.({
    kind: "end",
    index,
    now,
    result: { verdict: "good", ms: 100, usage: undefined, ...result },
  });
}

export function tokens(prompt: number, completion: number): AttemptResult["usage"] {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

/** How the requests that a target serves go. */
export interface SimulatedTarget {
  readonly ms: number;
  readonly usage?: AttemptResult["usage"];
  readonly verdict?: AttemptResult["verdict"];
}

/** `count` requests, one every `everyMs`, each of which ends after its target's time. Gives how many each target got. */
export function simulate(
  balancer: Balancer,
  targets: readonly TargetView[],
  behaviour: readonly SimulatedTarget[],
  { count, everyMs }: { readonly count: number; readonly everyMs: number },
): readonly number[] {
  const counts = targets.map(() => 0);
  let underWay: { readonly at: number; readonly index: number; readonly does: SimulatedTarget }[] = [];
  const startAt = 1_000_000;
  for (let request = 0; request < count; request++) {
    const now = startAt + request * everyMs;
    const due = underWay.filter(({ at }) => at <= now).sort((a, b) => a.at - b.at);
    underWay = underWay.filter(({ at }) => at > now);
    for (const { at, index, does } of due) end(balancer, index, at, does);
    const index = choose(balancer, targets, now, { hashKey: `key ${request}` });
    const does = behaviour[index] ?? { ms: 0 };
    balancer.observe?.({ kind: "start", index, now });
    counts[index] = (counts[index] ?? 0) + 1;
    underWay.push({ at: now + does.ms, index, does });
  }
  return counts;
}
