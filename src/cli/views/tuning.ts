import type { MethodScore, Tuning } from "../../routing/tune.ts";
import { styleFor } from "./style.ts";
import { alignColumns } from "./table.ts";

/** What `gw tune` prints for people; `change` is YAML. */
export function tuningText(tuning: Tuning, change: string | undefined, colour: boolean): string {
  const style = styleFor(colour);
  const how = tuning.split_by_source
    ? "each source by what was fitted to the others"
    : "each part by what was fitted to the others";
  const best = tuning.scores.find(({ method }) => method === tuning.chosen);
  const lines = [
    `${tuning.n} prompts, measured on what was not fitted: ${how}`,
    "",
    ...alignColumns([["", "right", "macro-F1", "CATCHALL's elsewhere"], ...tuning.scores.map(scoreRow)]),
    ...sourceLines(tuning.scores.filter((score) => score.method === "untuned" || score === best)),
    "",
  ];
  if (change === undefined)
    return `${[...lines, "Nothing does better by enough: keep the configuration as it is."].join("\n")}\n`;
  const head = `${style.bold(tuning.chosen)} does best. In the plugin's config (targets by their index):`;
  return `${[...lines, head, "", change.trimEnd()].join("\n")}\n`;
}

function scoreRow({ method, accuracy, macro_f1: f1, catchall_leak: leak }: MethodScore): readonly string[] {
  return [method, percent(accuracy), f1.toFixed(3), leak === null ? "-" : percent(leak)];
}

function sourceLines(scores: readonly MethodScore[]): readonly string[] {
  const sources = scores[0]?.by_source ?? [];
  if (sources.length < 2) return [];
  const rows = sources.map(({ source, n }, position) => [
    source,
    String(n),
    ...scores.map(({ by_source: each }) => percent(each[position]?.accuracy ?? 0)),
  ]);
  return ["", ...alignColumns([["source", "prompts", ...scores.map(({ method }) => method)], ...rows])];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
