import { existsSync } from "node:fs";
import { join } from "node:path";
import { checkConfig, type CheckedConfig, loadConfig, type LoadOptions, type Stored } from "../config/load.ts";
import type { LoadedConfig } from "../config/types.ts";
import { UsageError } from "../core/errors.ts";
import { pluginChecks } from "../catalogue.ts";
import type { Option, OptionValues, Terminal } from "./command.ts";
import { isSet, listOf, textOf } from "./option-values.ts";
import { withStore } from "./open-store.ts";
import { severitiesOf, severityOptions } from "./severities.ts";

/** The argument and flags of every command that reads configuration files. */
export const inputArguments = "[file...]";
export const inputOptions: readonly Option[] = [
  { flags: "-s, --state <file>", summary: "another input file, as in decK's old commands", isList: true },
  {
    flags: "--unknown-plugins <what>",
    summary: "a plugin that gw cannot run is an error, or a warning and its routes answer 503",
    choices: ["error", "warn"],
    default: "error",
  },
  { flags: "--allow-empty", summary: "accept an input without a single entity" },
  { flags: "--strict-kong", summary: "list what only gw has, and Kong would refuse" },
  ...severityOptions,
];

export const DEFAULT_FILE = "kong.yaml";

/** The configuration of the files that the command line names. Throws ConfigError with every problem, UsageError without any input. */
export async function loadInput(
  args: readonly string[],
  options: OptionValues,
  terminal: Terminal,
  stored: Stored = lookups(options, terminal),
): Promise<LoadedConfig> {
  return await loadConfig(inputFiles(args, options, terminal), await loadOptions(options, terminal, stored));
}

/** The same as findings: what `gw validate` prints. */
export async function checkInput(
  args: readonly string[],
  options: OptionValues,
  terminal: Terminal,
): Promise<CheckedConfig> {
  const stored = lookups(options, terminal);
  return await checkConfig(inputFiles(args, options, terminal), await loadOptions(options, terminal, stored));
}

/** Positional files, then `--state` files, else ./kong.yaml. Throws UsageError when there is none. */
export function inputFiles(
  args: readonly string[],
  options: OptionValues,
  terminal: Pick<Terminal, "cwd">,
): readonly string[] {
  const named = [...args, ...listOf(options, "state")];
  if (named.length > 0) return named;
  if (existsSync(join(terminal.cwd, DEFAULT_FILE))) return [DEFAULT_FILE];
  throw new UsageError(
    `No input: there is no ${DEFAULT_FILE} in ${terminal.cwd}. Name a file or a folder, or - for standard input.`,
  );
}

/** The store is opened only for files that look something up in it. */
function lookups(options: OptionValues, terminal: Terminal): Stored {
  return {
    use: "lookups",
    read: async () => await withStore(options, terminal, async (store) => (await store.read()).config),
  };
}

async function loadOptions(options: OptionValues, terminal: Terminal, stored: Stored): Promise<LoadOptions> {
  const { warningsAsErrors, errorsAsWarnings } = severitiesOf(options);
  const warnsOfUnknown = textOf(options, "unknownPlugins") === "warn" || errorsAsWarnings.has("unknown-plugin");
  return {
    cwd: terminal.cwd,
    environment: terminal.environment,
    stdin: terminal.stdin,
    plugins: pluginChecks,
    unknownPlugins: warnsOfUnknown ? "warn" : "error",
    strictKong: isSet(options, "strictKong"),
    warningsAsErrors,
    stored,
    allowEmpty: isSet(options, "allowEmpty"),
  };
}
