import type { Place } from "../../core/diagnostics.ts";
import { styleFor } from "./style.ts";

const LINES_BEFORE = 1;
const LINES_AFTER = 1;
const MAX_COLUMNS = 100;

/** The line of `place`, its neighbours and a caret under the word; empty when the file's text is not known. */
export function codeFrame(
  place: Place | undefined,
  sources: ReadonlyMap<string, string>,
  colour: boolean,
): readonly string[] {
  const lines = place === undefined ? undefined : sources.get(place.file)?.split(/\r?\n/);
  if (place === undefined || lines?.[place.line - 1] === undefined) return [];
  const style = styleFor(colour);
  const column = Math.max(0, place.column - 1);
  const first = Math.max(1, place.line - LINES_BEFORE);
  const last = Math.min(lines.length, place.line + LINES_AFTER);
  const width = String(last).length;
  // A long line is cut so that the caret stays in view.
  const start = Math.max(0, column - MAX_COLUMNS / 2);
  const frame: string[] = [];
  for (let number = first; number <= last; number++) {
    const text = printable(lines[number - 1] ?? "").slice(start, start + MAX_COLUMNS);
    const isHere = number === place.line;
    frame.push(
      `${isHere ? style.red(">") : " "} ${style.dim(`${String(number).padStart(width)} |`)} ${text}`.trimEnd(),
    );
    if (isHere) frame.push(caretLine(text, column - start, width, colour));
  }
  return frame;
}

function caretLine(text: string, column: number, width: number, colour: boolean): string {
  const style = styleFor(colour);
  const word = /^[\w-]+/.exec(text.slice(column))?.[0] ?? "";
  return `  ${" ".repeat(width)} ${style.dim("|")} ${" ".repeat(column)}${style.red("^".repeat(Math.max(1, word.length)))}`;
}

/** One column per character, and nothing that a terminal would obey. */
function printable(line: string): string {
  return line.replaceAll(/\p{Cc}/gu, " ");
}
