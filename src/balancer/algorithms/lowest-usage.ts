import type { Usage } from "../../llm/usage.ts";
import type { BalancerDefinition, BalancerSettings, TokenPrices } from "../balancer.ts";
import { decay } from "../decay.ts";
import { rank } from "../rank.ts";
import { createRota } from "../rota.ts";

interface Tally {
  /** Usage so far, decayed to `at`. */
  amount: number;
  at: number;
  /** Of one request, as a moving mean; 0 until one was counted. */
  mean: number;
  underWay: number;
}

/** Weight of the newest request in the mean. */
const NEWEST = 0.2;

/**
 * The smallest usage / weight. Usage fades with the time constant of `decay`, so that it is the recent one that counts. Requests under
 * way count as usual ones: their usage is known in the end only, and until then all would go to one target. So do failed attempts: a
 * target that fails would otherwise be the least used.
 */
export const lowestUsage: BalancerDefinition = {
  name: "lowest-usage",
  create({ targets, memories, usageStrategy, prices }) {
    const tallies = memories.map((memory) =>
      memory.keep<Tally>(`lowest-usage ${usageStrategy}`, () => ({ amount: 0, at: 0, mean: 0, underWay: 0 })),
    );
    const rota = createRota(memories);

    function usual(tally: Tally): number {
      if (tally.mean > 0) return tally.mean;
      const known = tallies.filter(({ mean }) => mean > 0);
      return known.length === 0 ? 1 : known.reduce((sum, { mean }) => sum + mean, 0) / known.length;
    }
    function score(index: number, now: number): number {
      const tally = tallies[index];
      if (tally === undefined) return 0;
      const used = tally.amount * decay(now - tally.at) + tally.underWay * usual(tally);
      return used / (targets[index]?.weight ?? 1);
    }

    return {
      name: "lowest-usage",
      isByDistanceOnly: false,
      needsUsage: true,
      order: (candidates, { now }) => rank(candidates, (index) => score(index, now), rota),
      observe(event) {
        if (event.kind === "chosen") {
          rota.take(event.order[0]);
          return;
        }
        const tally = tallies[event.index];
        if (tally === undefined) return;
        tally.underWay += event.kind === "start" ? 1 : -1;
        if (event.kind === "start" || event.result.verdict === "neutral") return;
        const { usage } = event.result;
        const counted = usage === undefined ? undefined : countUsage(usage, usageStrategy, prices[event.index]);
        tally.amount = tally.amount * decay(event.now - tally.at) + (counted ?? usual(tally));
        tally.at = event.now;
        if (counted !== undefined) tally.mean += (counted - tally.mean) * (tally.mean === 0 ? 1 : NEWEST);
      },
    };
  },
};

/** Tokens, or money: Kong's formula, 0 without prices. */
function countUsage(
  usage: Usage,
  strategy: BalancerSettings["usageStrategy"],
  prices: TokenPrices | undefined,
): number {
  switch (strategy) {
    case "prompt-tokens":
      return usage.prompt_tokens;
    case "completion-tokens":
      return usage.completion_tokens;
    case "cost":
      return costOf(usage, prices);
    default:
      return usage.total_tokens;
  }
}

/** Prices are per million tokens. */
export function costOf(
  { prompt_tokens: prompt, completion_tokens: completion }: Usage,
  prices: TokenPrices | undefined,
): number {
  return prices === undefined ? 0 : (prompt * prices.input + completion * prices.output) / 1_000_000;
}
