import type { Impact } from "../../routing/impact.ts";
import { alignColumns } from "./table.ts";

/** What `gw diff --prompts` prints for people after the plan. */
export function impactText({ n, moved, cost }: Impact): string {
  const rows = moved.map(({ id, prompt, from, to }) => [`  ${id}`, from ?? "none", "→", to ?? "none", shorten(prompt)]);
  const lines = [
    `Prompts: ${moved.length} of ${n} change target`,
    ...(rows.length === 0 ? [] : alignColumns(rows)),
    ...(cost === null ? [] : [`Expected cost of all: ${cost.before.toFixed(6)} → ${cost.after.toFixed(6)}`]),
  ];
  return `${lines.join("\n")}\n`;
}

function shorten(text: string): string {
  const line = text.replace(/[\s\p{Cc}]+/gu, " ").trim();
  return line.length <= 70 ? line : `${line.slice(0, 69).toWellFormed()}…`;
}
