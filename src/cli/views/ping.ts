import type { JsonObject } from "../../core/json.ts";
import type { CheckResult } from "../ping/run-checks.ts";
import { styleFor } from "./style.ts";
import { alignColumns } from "./table.ts";

/** A line for each check, below it what it warns of; then the sum. */
export function pingText(results: readonly CheckResult[], colour: boolean): string {
  const style = styleFor(colour);
  const lines = alignColumns(results.map(cells)).flatMap((line, index) => {
    const result = results[index];
    const shown = result?.isOk === false ? style.red(line) : line;
    return [shown, ...(result?.warnings ?? []).map((warning) => style.yellow(`        warning: ${warning}`))];
  });
  return [...lines, sumLine(results)].map((line) => `${line}\n`).join("");
}

function cells({ kind, name, isOk, ms, message }: CheckResult): readonly string[] {
  return [isOk ? "ok    " : "failed", kind, name, `${Math.round(ms)} ms`.padStart(7), message];
}

function sumLine(results: readonly CheckResult[]): string {
  const failed = results.filter(({ isOk }) => !isOk).length;
  if (results.length === 0) return "The configuration names nothing outside of gw.";
  if (failed === 0) return `All ${results.length} can be used.`;
  return `${failed} of ${results.length} cannot be used.`;
}

/** The document of `gw ping --json`. */
export function pingJson(results: readonly CheckResult[]): JsonObject {
  return {
    schema_version: 1,
    ok: results.every(({ isOk }) => isOk),
    checks: results.map(({ kind, name, isOk, ms, message, code, warnings }) => ({
      kind,
      name,
      ok: isOk,
      ms: Math.round(ms * 10) / 10,
      message,
      code: code ?? null,
      warnings,
    })),
  };
}
