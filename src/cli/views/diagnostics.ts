import { type Diagnostic, hasErrors, type Place, sortDiagnostics } from "../../core/diagnostics.ts";
import { codeFrame } from "./code-frame.ts";
import { escapeControls } from "./escape-controls.ts";
import { styleFor } from "./style.ts";

/** File name → text, with secrets masked: what code frames quote from. */
export type Sources = ReadonlyMap<string, string>;

/** Every finding as `file:line:col: error: message [code]`, with a code frame where the file is known and what to do. Ends with a newline. */
export function diagnosticsText(diagnostics: readonly Diagnostic[], sources: Sources, colour: boolean): string {
  return sortDiagnostics(diagnostics)
    .map((diagnostic) => `${diagnosticLines(diagnostic, sources, colour).join("\n")}\n`)
    .join("");
}

/** One line, without colour: for lists of strings in JSON. */
export function diagnosticLine({ place, severity, message, code, fix }: Diagnostic): string {
  const where = place === undefined ? "" : `${placeText(place)}: `;
  return `${where}${severity}: ${message} [${code}]${fix === undefined ? "" : ` ${fix}`}`;
}

/** `2 errors and 1 warning in kong.yaml`. */
export function countText(diagnostics: readonly Diagnostic[]): string {
  const files = new Set(diagnostics.flatMap(({ place }) => (place === undefined ? [] : [place.file])));
  const counts = (["error", "warning"] as const).flatMap((severity) => {
    const count = diagnostics.filter((diagnostic) => diagnostic.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}${count === 1 ? "" : "s"}`];
  });
  const [first, ...others] = files;
  const where = first === undefined ? "" : ` in ${others.length === 0 ? first : `${files.size} files`}`;
  return `${counts.join(" and ")}${where}`;
}

/** The JSON of `gw validate --json`. Fields that are not known are null. */
export function diagnosticsReport(diagnostics: readonly Diagnostic[]): object {
  return {
    schema_version: 1,
    valid: !hasErrors(diagnostics),
    diagnostics: sortDiagnostics(diagnostics).map(({ severity, code, message, fix, place, path }) => ({
      severity,
      code,
      message,
      fix: fix ?? null,
      file: place?.file ?? null,
      line: place?.line ?? null,
      column: place?.column ?? null,
      path: path ?? null,
    })),
  };
}

function diagnosticLines(diagnostic: Diagnostic, sources: Sources, colour: boolean): readonly string[] {
  const style = styleFor(colour);
  const { place, severity, message, code, fix, related = [] } = diagnostic;
  const tag = severity === "error" ? style.red("error:") : style.yellow("warning:");
  const where = place === undefined ? "" : `${style.bold(`${placeText(place)}:`)} `;
  return [
    `${where}${tag} ${escapeControls(message)} ${style.dim(`[${code}]`)}`,
    ...codeFrame(place, sources, colour),
    ...related.flatMap((other) => [
      `  ${escapeControls(other.message)}: ${placeText(other.place)}`,
      ...codeFrame(other.place, sources, colour),
    ]),
    ...(fix === undefined ? [] : [`  ${style.cyan("fix:")} ${escapeControls(fix)}`]),
  ];
}

function placeText({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}
