import type { Evaluation, Miss } from "../../routing/evaluate.ts";
import { styleFor } from "./style.ts";
import { alignColumns } from "./table.ts";

/** The rest is in the JSON document. */
const SHOWN_MISSES = 10;

/** What `gw eval` prints for people. */
export function evaluationText(report: Evaluation, colour: boolean): string {
  const style = styleFor(colour);
  const leak =
    report.catchall_leak === null ? "" : `, ${percent(report.catchall_leak)} of CATCHALL's prompts elsewhere`;
  const unrouted = report.unrouted === 0 ? "" : `, ${report.unrouted} without any target`;
  const blocks = [
    [
      `${style.bold(`${percent(report.accuracy)} right`)} of ${report.n} prompts, macro-F1 ${report.macro_f1.toFixed(3)}${leak}${unrouted}`,
      `embedding and choice: p50 ${report.ms.p50.toFixed(1)} ms, p95 ${report.ms.p95.toFixed(1)} ms`,
    ],
    scoreLines(report),
    confusionLines(report),
    sourceLines(report),
    missLines(report.misses),
    report.warnings.map((warning) => style.yellow(`Warning: ${warning}`)),
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function scoreLines({ per_target: scores }: Evaluation): readonly string[] {
  const rows = scores.map(({ target, precision, recall, f1, support }) => [
    target,
    precision?.toFixed(3) ?? "-",
    recall?.toFixed(3) ?? "-",
    f1.toFixed(3),
    String(support),
  ]);
  return alignColumns([["target", "precision", "recall", "F1", "prompts"], ...rows]);
}

function confusionLines({ confusion }: Evaluation): readonly string[] {
  const [first] = Object.values(confusion);
  const rows = Object.entries(confusion).map(([expect, counts]) => [expect, ...Object.values(counts).map(String)]);
  return alignColumns([["expected \\ went to", ...Object.keys(first ?? {})], ...rows]);
}

function sourceLines({ by_source: sources }: Evaluation): readonly string[] {
  if (sources.length < 2) return [];
  return alignColumns([
    ["source", "right", "prompts"],
    ...sources.map(({ source, n, accuracy }) => [source, percent(accuracy), String(n)]),
  ]);
}

function missLines(misses: readonly Miss[]): readonly string[] {
  if (misses.length === 0) return [];
  const shown = misses.slice(0, SHOWN_MISSES).map(({ id, prompt, expect, got, distances }) => {
    const near = Object.entries(distances).flatMap(([target, distance]) =>
      distance === null ? [] : [`${target} ${distance.toFixed(3)}`],
    );
    return `  ${expect} → ${got}  ${shorten(prompt)}  (${[id, ...near].join(", ")})`;
  });
  const head = misses.length > SHOWN_MISSES ? `worst ${SHOWN_MISSES} of ${misses.length} misses` : "misses";
  return [`${head} (expected → went to, with distances)`, ...shown];
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function shorten(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length <= 80 ? line : `${line.slice(0, 79).toWellFormed()}…`;
}
