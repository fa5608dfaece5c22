import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { printConfig } from "../../config/print.ts";
import { StateError, toError, UsageError } from "../../core/errors.ts";
import type { Command } from "../command.ts";
import { isSet, textOf } from "../option-values.ts";
import { storeLocation, withStore } from "../planning.ts";

const STANDARD_OUTPUT = "-";

export const dump: Command = {
  name: "dump",
  summary: "print the store as a kong.yaml that loads back without a difference",
  options: [
    { flags: "-o, --output-file <file>", summary: "write to a file; - is standard output", default: STANDARD_OUTPUT },
    { flags: "--yes", summary: "overwrite the file" },
  ],
  async run(_, options, terminal) {
    const { serial, config } = await withStore(options, terminal, async (store) => await store.read());
    if (serial === 0) terminal.err(`Nothing was ever synced to the store ${storeLocation(options)}.\n`);
    const text = printConfig(config);
    const output = textOf(options, "outputFile") ?? STANDARD_OUTPUT;
    if (output === STANDARD_OUTPUT) terminal.out(text);
    else writeWhole(resolve(terminal.cwd, output), text, isSet(options, "yes"));
    return 0;
  },
};

/** Replaces the file in one step; only its owner may read it, since a configuration may hold plain-text secrets. */
function writeWhole(path: string, text: string, mayOverwrite: boolean): void {
  if (existsSync(path) && !mayOverwrite) throw new UsageError(`${path} exists. Give --yes to overwrite it.`);
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
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
