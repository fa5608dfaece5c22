import type { Runtime } from "../gateway/runtime.ts";
import type { Decided, Destination } from "./evaluate.ts";
import { choose } from "./explain.ts";
import { type NamedTarget, nameTargets } from "./target-names.ts";

/** Two texts of one meaning; descriptions of neighbouring topics are some 0.6 apart. */
const TOO_NEAR = 0.3;

/**
 * A sentence for each pair of targets whose descriptions hardly differ: prompts cannot be told apart by them. `distance` is that of the
 * description of the first from the second; null for CATCHALL, which has none.
 */
export function nearPairs(
  targets: readonly NamedTarget[],
  distance: (first: number, second: number) => number | null,
): readonly string[] {
  const names = nameTargets(targets);
  return targets.flatMap((first) =>
    targets.flatMap((second) => {
      // Equal descriptions mean one thing on purpose: their targets share the requests.
      if (second.index <= first.index || second.description === first.description) return [];
      const apart = distance(first.index, second.index);
      if (apart === null || apart > TOO_NEAR) return [];
      return [
        `the descriptions of ${names.get(first.index)} and ${names.get(second.index)} hardly differ (distance ${apart.toFixed(2)}): prompts cannot be told apart by them.`,
      ];
    }),
  );
}

/** The same for the targets of prompts that have been decided. */
export async function nearDescriptions(
  runtime: Runtime,
  decided: readonly Decided[],
  { destination, signal }: { readonly destination: Destination; readonly signal: AbortSignal },
): Promise<readonly string[]> {
  const targets = decided.find(({ choice }) => choice !== undefined)?.choice?.candidates ?? [];
  const described = targets.filter(({ distance }) => distance !== null);
  const rows = await Promise.all(
    described.map(async ({ index, description }) => {
      const messages = [{ role: "user", content: description }];
      const { candidates } = await choose(runtime, { ...destination, messages }, signal);
      return [index, new Map(candidates.map((candidate) => [candidate.index, candidate.distance]))] as const;
    }),
  );
  const distances = new Map(rows);
  return nearPairs(targets, (first, second) => distances.get(first)?.get(second) ?? null);
}
