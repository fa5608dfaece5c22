import type { ExplainedCandidate } from "../../plugins/explanation.ts";
import type { RouteReport } from "../../routing/explain.ts";
import { styleFor } from "./style.ts";
import { alignColumns } from "./table.ts";

/** What `gw test-route` prints for people: the choice, the distances it rests on, and where the request would go. */
export function decisionText(report: RouteReport, colour: boolean): string {
  const style = styleFor(colour);
  const { selected, upstream, embedding, vectordb } = report;
  const facts: readonly (readonly [string, string])[] = [
    ["prompt", report.prompt],
    ...(report.text !== null && report.text !== report.prompt ? ([["compared text", report.text]] as const) : []),
    ["route", `${report.route}${report.service === null ? "" : ` (service ${report.service})`}`],
    ["plugin", `${report.plugin.name} (${report.plugin.scope}), balancer ${report.balancer}`],
    ...(embedding === null
      ? []
      : ([
          [
            "embedding",
            `${embedding.provider}/${embedding.model}, ${embedding.dimensions} dimensions, ${embedding.ms.toFixed(1)} ms`,
          ],
        ] as const)),
    ...(vectordb === null
      ? []
      : ([
          [
            "vectors",
            `${storeText(vectordb)}, ${vectordb.metric}${vectordb.threshold === null ? "" : `, largest distance ${vectordb.threshold}`}`,
          ],
        ] as const)),
  ];
  const chosen = `${selected.provider}/${selected.model ?? "the client's model"}`;
  return [
    ...facts.map(([name, value]) => `${style.dim(name.padEnd(14))}${value}`),
    "",
    ...tableLines(report.candidates, selected.index).map((line) => (line.startsWith("→") ? style.green(line) : line)),
    ...scoreLines(report.candidates),
    "",
    `${style.bold(`→ ${chosen}`)}: ${reasonText(report)}`,
    `  ${upstream.method} ${upstream.url}`,
    ...authLines(report),
    ...(report.order.length > 1
      ? [
          `  then, if it does not answer: ${report.order
            .slice(1)
            .map((index) => nameOf(report.candidates, index))
            .join(", ")}`,
        ]
      : []),
    ...report.warnings.map((warning) => style.yellow(`  warning: ${warningText(warning, report)}`)),
    "",
  ].join("\n");
}

/** What the codes among the warnings mean; the others speak for themselves. */
function warningText(warning: string, { selected }: RouteReport): string {
  switch (warning) {
    case "embedding-away":
      return selected.reason === "embedding_unavailable"
        ? "the embedding model does not answer: the prompt was not compared, and goes to CATCHALL. gw ping says why."
        : "the configured embedding model does not answer: the prompt was compared by the local one. gw ping says why.";
    case "vector-store-away":
      return "the vector store does not answer: the prompt was compared by the copy in memory. gw ping says why.";
    default:
      return warning;
  }
}

/** The configured store, and what answered where that is something else. */
function storeText({ strategy, answered_by: answeredBy }: NonNullable<RouteReport["vectordb"]>): string {
  if (answeredBy === null || answeredBy === strategy) return strategy;
  return answeredBy === "copy" ? `${strategy}, answered by the copy in memory` : `${strategy} (${answeredBy})`;
}

function tableLines(candidates: readonly ExplainedCandidate[], selected: number): readonly string[] {
  const isScored = candidates.some(({ score }) => score !== null);
  const rows = candidates.map((candidate) => [
    `${candidate.index === selected ? "→" : " "} ${candidate.index}`,
    `${candidate.provider}/${candidate.model ?? "-"}`,
    candidate.distance?.toFixed(4) ?? "-",
    candidate.similarity?.toFixed(4) ?? "-",
    withinText(candidate),
    ...(isScored ? [candidate.score?.total.toFixed(4) ?? "-"] : []),
    shorten(candidate.description ?? "", 60),
  ]);
  const head = ["  #", "target", "distance", "similarity", "within", ...(isScored ? ["score"] : []), "description"];
  return alignColumns([head, ...rows]);
}

function withinText({ distance, within_threshold: isWithin }: ExplainedCandidate): string {
  if (distance === null || isWithin === null) return "-";
  return isWithin ? "yes" : "no";
}

/** What each score is the sum of. */
function scoreLines(candidates: readonly ExplainedCandidate[]): readonly string[] {
  return candidates.flatMap((candidate) => {
    if (candidate.score === null) return [];
    const { total, needed, parts } = candidate.score;
    const sum = parts.map(({ name, value, from }) => {
      const sign = value < 0 ? "-" : "+";
      return `${sign} ${Math.abs(value).toFixed(4)} ${name}${from === undefined ? "" : ` (${from})`}`;
    });
    const name = nameOf(candidates, candidate.index);
    return [`  ${name}: ${total.toFixed(4)}, needs ${needed.toFixed(2)} = ${sum.join(" ").replace(/^\+ /, "")}`];
  });
}

function reasonText({ selected, candidates }: RouteReport): string {
  const distance = candidates.find((candidate) => candidate.index === selected.index)?.distance;
  const isScored = candidates.some(({ score }) => score !== null);
  switch (selected.reason) {
    case "nearest":
      if (isScored) return "the best score";
      return `the nearest description${typeof distance === "number" ? `, at distance ${distance.toFixed(4)}` : ""}`;
    case "catchall":
      return isScored
        ? "no target leads the background by enough, so CATCHALL takes it"
        : "no description is near enough, so CATCHALL takes it";
    case "embedding_unavailable":
      return "the prompt could not be embedded, so CATCHALL takes it";
    default:
      return selected.reason;
  }
}

function authLines({ upstream: { auth } }: RouteReport): readonly string[] {
  if (auth === null) return ["  without a credential"];
  const source = auth.reference ?? "a value written in the configuration";
  return [`  ${auth.name} (${auth.in}) from ${source}: ${auth.resolved ? "resolved" : "does not resolve"}`];
}

function nameOf(candidates: readonly ExplainedCandidate[], index: number): string {
  const found = candidates.find((candidate) => candidate.index === index);
  return found === undefined ? String(index) : `${found.provider}/${found.model ?? "-"}`;
}

function shorten(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}
