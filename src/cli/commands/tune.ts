import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { changeText } from "../../config/edit-plugin.ts";
import { toError, UsageError } from "../../core/errors.ts";
import type { TuningView } from "../../plugins/tuning.ts";
import { tuningOf } from "../../routing/explain.ts";
import { type Method, tune, type Tuning } from "../../routing/tune.ts";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { DEFAULT_FILE } from "../config-input.ts";
import { isSet, listOf, textOf } from "../option-values.ts";
import { mapOption, readPrompts } from "../prompts-file.ts";
import { jsonText } from "../views/report.ts";
import { tuningText } from "../views/tuning.ts";
import { writeTuning } from "../write-tuning.ts";
import { destinationOf, routeOptions, withRuntime } from "../with-runtime.ts";

const methods: readonly Method[] = ["thresholds", "examples", "head"];

export const tuneCommand: Command = {
  name: "tune",
  summary: "fit thresholds, examples or a linear head to labelled prompts",
  arguments: "<prompts>",
  options: [
    ...routeOptions,
    mapOption,
    {
      flags: "--method <name>",
      summary: "what is fitted; auto takes the best",
      choices: ["auto", ...methods],
      default: "auto",
    },
    { flags: "--write", summary: "make the change in the file that was read" },
    { flags: "--json, --json-output", summary: "print one JSON document" },
  ],
  async run([file = ""], options, terminal) {
    const rows = await readPrompts(file, options, terminal, true);
    const target = isSet(options, "write") ? fileToWrite(options, terminal) : undefined;
    const [tuning, view] = await withRuntime(options, terminal, async (runtime): Promise<[Tuning, TuningView]> => {
      const found = tuningOf(runtime, destinationOf(options));
      return [await tune(found, rows, { methods: chosenMethods(options), signal: terminal.signal }), found];
    });
    if (target !== undefined && tuning.change !== null) {
      const shape = { name: "ai-proxy-advanced", descriptions: view.targets.map(({ description }) => description) };
      const changed = writeTuning(target, shape, tuning.change);
      terminal.err(`Changed ${changed.join(" and ")}. \`gw diff\` shows what \`gw sync\` would do.\n`);
    }
    const change = tuning.change === null ? undefined : changeText(tuning.change);
    terminal.out(isSet(options, "jsonOutput") ? jsonText(tuning) : tuningText(tuning, change, terminal.colour));
    return 0;
  },
};

function chosenMethods(options: OptionValues): readonly Method[] {
  const method = textOf(options, "method");
  return methods.filter((each) => method === "auto" || method === undefined || each === method);
}

/** One file: of several, nobody but their author knows which is meant. */
function fileToWrite(options: OptionValues, terminal: Terminal): string {
  const named = listOf(options, "state");
  const [only = DEFAULT_FILE] = named;
  if (named.length > 1 || only === "-")
    throw new UsageError("--write changes one file: name it with --state, or leave --write out and copy the change.");
  const path = resolve(terminal.cwd, only);
  readText(path);
  return path;
}

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--write cannot change ${path}: ${toError(error).message}`);
  }
}
