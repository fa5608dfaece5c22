import type { Prediction } from "../../routing/evaluate.ts";

/** One JSON object a line. `label` is what `--map` calls the chosen target, where it names it. */
export function predictionLines(predictions: readonly Prediction[], labels: ReadonlyMap<string, string>): string {
  const labelOf = new Map([...labels].map(([label, target]) => [target, label]));
  return predictions
    .map(({ id, source, expect, got, index, reason, distances }) => {
      const label = labelOf.get(got);
      const decision = { id, source, expect, got, index, label, reason, is_right: expect === got, distances };
      return `${JSON.stringify(decision)}\n`;
    })
    .join("");
}
