import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, resolve } from "node:path";
import { StateError, toError, UsageError } from "../core/errors.ts";
import type { Option, OptionValues, Terminal } from "./command.ts";
import { isSet, textOf } from "./option-values.ts";

const STANDARD_OUTPUT = "-";

export const outputOptions: readonly Option[] = [
  { flags: "-o, --output-file <file>", summary: "write to a file; - is standard output", default: STANDARD_OUTPUT },
  { flags: "--yes", summary: "overwrite the file" },
];

/** Where `--output-file` says. Throws UsageError for a file that exists, without `--yes`. */
export function writeOutput(text: string, options: OptionValues, terminal: Terminal): void {
  const output = textOf(options, "outputFile") ?? STANDARD_OUTPUT;
  if (output === STANDARD_OUTPUT) terminal.out(text);
  else writeWhole(resolve(terminal.cwd, output), text, isSet(options, "yes"));
}

/** Replaces the file in one step; only its owner may read it, since a configuration may hold plain-text secrets. */
export function writeWhole(path: string, text: string, mayOverwrite: boolean): void {
  if (existsSync(path) && !mayOverwrite) throw new UsageError(`${path} exists. Give --yes to overwrite it.`);
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(unfinished, text, { mode: 0o600, flag: "wx" });
    renameSync(unfinished, path);
  } catch (error) {
    rmSync(unfinished, { force: true });
    throw new StateError(
      "GW_STATE_UNREACHABLE",
      `Cannot write ${path}: ${toError(error).message}. Check the folder and its permissions.`,
    );
  }
}
