import { UsageError } from "../core/errors.ts";
import type { ExplainedCandidate } from "../plugins/explanation.ts";

export type NamedTarget = Pick<ExplainedCandidate, "index" | "provider" | "model" | "description">;

/** What reports call the targets, by index: the model's name where no other target has it, else provider/model, else `#index`. */
export function nameTargets(targets: readonly NamedTarget[]): ReadonlyMap<number, string> {
  const spellings = targets.map(({ index, provider, model }) => ({
    index,
    names: [...(model === null ? [] : [model, `${provider}/${model}`]), `#${index}`],
  }));
  const all = spellings.flatMap(({ names }) => names);
  const isUnique = (name: string): boolean => all.filter((other) => other === name).length === 1;
  return new Map(spellings.map(({ index, names }) => [index, names.find(isUnique) ?? `#${index}`]));
}

/**
 * Indexes of the targets that `expect` means: a model's name, provider/model, CATCHALL, or an index. Throws UsageError, with the targets
 * there are, when it means none.
 */
export function targetsMeant(expect: string, targets: readonly NamedTarget[]): readonly number[] {
  const meant = targets.filter(
    ({ index, provider, model, description }) =>
      expect === model ||
      expect === `${provider}/${model}` ||
      expect === String(index) ||
      expect === `#${index}` ||
      (expect === "CATCHALL" && description === "CATCHALL"),
  );
  if (meant.length > 0) return meant.map(({ index }) => index);
  const known = targets.map(({ index, provider, model }) => `${provider}/${model ?? "-"} (${index})`).join(", ");
  throw new UsageError(`"${expect}" is no target of this route. Its targets: ${known}.`);
}
