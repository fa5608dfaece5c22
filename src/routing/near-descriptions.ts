import type { Runtime } from "../gateway/runtime.ts";
import type { Decided, Destination } from "./evaluate.ts";
import { choose } from "./explain.ts";
import { nameTargets } from "./target-names.ts";

/** Two texts of one meaning; descriptions of neighbouring topics are some 0.6 apart. */
const TOO_NEAR = 0.3;

/** A sentence for each pair of targets whose descriptions hardly differ: prompts cannot be told apart by them. */
export async function nearDescriptions(
  runtime: Runtime,
  decided: readonly Decided[],
  asked: { readonly destination: Destination; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const targets = decided.find(({ choice }) => choice !== undefined)?.choice?.candidates ?? [];
  const names = nameTargets(targets);
  const described = targets.filter(({ distance }) => distance !== null);
  const { destination, signal } = asked;
  const found = described.map(async (target) => {
    const messages = [{ role: "user", content: target.description }];
    const { candidates } = await choose(runtime, { ...destination, messages }, signal);
    return candidates.flatMap(({ index, description, distance }) => {
      const isNear = index > target.index && distance !== null && distance <= TOO_NEAR;
      // Equal descriptions mean one thing on purpose: their targets share the requests.
      if (!isNear || description === target.description) return [];
      return [
        `the descriptions of ${names.get(target.index)} and ${names.get(index)} hardly differ (distance ${distance.toFixed(2)}): prompts cannot be told apart by them.`,
      ];
    });
  });
  return (await Promise.all(found)).flat();
}
