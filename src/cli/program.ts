import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { Command as Commander, CommanderError, Option as CommanderOption } from "commander";
import { UsageError } from "../core/errors.ts";
import { version } from "./version.ts";
import type { Command, Option, OptionValues, Terminal } from "./command.ts";
import { deckFlags } from "./deck-flags.ts";

/** A command before its module is loaded. */
export interface CommandRow {
  readonly name: string;
  readonly summary: string;
  /** decK's groups that also know it: `gw gateway sync`. */
  readonly groups?: readonly ("gateway" | "file")[];
  readonly load: () => Promise<Command>;
}

/** What the command line asks for. */
interface Call {
  readonly command: Command;
  readonly args: readonly string[];
  readonly options: OptionValues;
}

/** Of every command. */
export const globalOptions: readonly Option[] = [
  {
    flags: "--store <location>",
    summary: "where the state is kept: the path of a SQLite file, or redis://HOST:PORT",
    default: ".gw/state.db",
  },
  { flags: "--no-color", summary: "no colour, even on a terminal" },
  { flags: "--config <file>", summary: "values for flags, by their names; ~/.gw.yaml when it exists" },
];

/**
 * Reads the command line, loading only the module of the command it names. Undefined when help or the version was asked for and printed.
 * Flags that were not given take their value from GW_… variables. Throws UsageError.
 */
export async function readCommandLine(
  argv: readonly string[],
  rows: readonly CommandRow[],
  terminal: Terminal,
): Promise<Call | number> {
  let call: Call | undefined;
  const program = createProgram(rows, terminal, (found) => {
    call = found;
  });
  try {
    await program.parseAsync(helpAsFlag(argv), { from: "user" });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    if (["commander.help", "commander.helpDisplayed", "commander.version"].includes(error.code)) return error.exitCode;
    throw new UsageError(`${sentence(error.message)} See \`gw --help\`.`);
  }
  return call ?? 0;
}

/** `help diff` as `diff --help`: commander's own help command knows only what is loaded. */
function helpAsFlag(argv: readonly string[]): string[] {
  const [first, ...rest] = argv;
  return first === "help" ? [...rest, "--help"] : [...argv];
}

/** commander writes `error: unknown command 'dif'\n(Did you mean diff?)`. */
function sentence(message: string): string {
  const [first = "", ...rest] = message.replace(/^error: /, "").split("\n");
  const text = `${first.charAt(0).toUpperCase()}${first.slice(1)}`;
  return [text.endsWith(".") ? text : `${text}.`, ...rest.map((line) => line.replace(/^\((.*)\)$/, "$1"))].join(" ");
}

function createProgram(rows: readonly CommandRow[], terminal: Terminal, onCall: (call: Call) => void): Commander {
  const program = new Commander("gw")
    .description("The open, declarative AI gateway: a decK-format kong.yaml in, semantic model routing out.")
    .version(`gw ${version}`, "-V, --version", "print the version")
    .configureOutput({
      writeOut: (text) => terminal.out(text),
      writeErr: (text) => terminal.err(text),
      outputError: () => {},
    })
    .exitOverride()
    .helpCommand("help [command]", "show the flags of a command")
    .addHelpText(
      "after",
      "\nEvery flag has a variable: --store is GW_STORE, --json-output is GW_JSON_OUTPUT. Input files default to ./kong.yaml.",
    );
  for (const option of globalOptions) program.addOption(toCommander(option));
  addRows(program, rows, terminal, onCall);
  for (const group of ["gateway", "file"] as const) {
    const members = rows.filter((row) => row.groups?.includes(group));
    addRows(program.command(group, { hidden: true }).helpCommand(false), members, terminal, onCall);
  }
  return program;
}

function addRows(
  parent: Commander,
  rows: readonly CommandRow[],
  terminal: Terminal,
  onCall: (call: Call) => void,
): void {
  for (const { name, summary } of rows) parent.command(name).summary(summary).description(summary);
  parent.hook("preSubcommand", async (_, chosen) => {
    const row = rows.find(({ name }) => name === chosen.name());
    if (row !== undefined) fillIn(chosen, await row.load(), row.groups !== undefined, terminal, onCall);
  });
}

/** Gives the chosen command its arguments and flags, just before commander parses them. */
function fillIn(
  chosen: Commander,
  command: Command,
  isDecks: boolean,
  terminal: Terminal,
  onCall: (call: Call) => void,
): void {
  if (command.arguments !== undefined) chosen.arguments(command.arguments);
  for (const option of command.options) chosen.addOption(toCommander(option));
  const unused = isDecks ? addDeckFlags(chosen, command) : [];
  chosen.action(async () => {
    const levels = withParents(chosen);
    for (const level of levels) readVariables(level, terminal.environment);
    await readSettings(levels, chosen.optsWithGlobals(), terminal);
    noteUnused(chosen, unused, terminal);
    onCall({ command, args: chosen.args, options: chosen.optsWithGlobals() });
  });
}

function withParents(command: Commander): readonly Commander[] {
  return command.parent === null ? [command] : [command, ...withParents(command.parent)];
}

/** Those that the command does not have itself; hidden from help. */
function addDeckFlags(chosen: Commander, command: Command): readonly CommanderOption[] {
  const own = new Set(command.options.map((option) => toCommander(option).long));
  const added = deckFlags.map(toCommander).filter(({ long }) => !own.has(long));
  for (const option of added) chosen.addOption(option.hideHelp());
  return added;
}

function noteUnused(chosen: Commander, options: readonly CommanderOption[], terminal: Terminal): void {
  const given = options.filter((option) => chosen.getOptionValueSource(option.attributeName()) === "cli");
  const flags = new Set(given.map((option) => option.long ?? option.flags));
  if (flags.size === 0) return;
  terminal.err(`note: ${[...flags].join(", ")} has no effect: gw keeps its state in a store of its own (--store).\n`);
}

/** Of `--config`, else of ~/.gw.yaml where there is one: what neither flag nor variable gives. */
async function readSettings(levels: readonly Commander[], options: OptionValues, terminal: Terminal): Promise<void> {
  const path = settingsPath(options, terminal);
  if (path === undefined) return;
  const { readSettingsFile } = await import("./settings-file.ts");
  const settings = await readSettingsFile(path);
  for (const command of levels) {
    for (const option of command.options) {
      const text = settings.get((option.long ?? "").replace(/^--/, ""));
      const source = command.getOptionValueSource(option.attributeName());
      if (text === undefined || (source !== undefined && source !== "default")) continue;
      command.setOptionValueWithSource(
        option.attributeName(),
        valueOf(option, `${option.long} in ${path}`, text),
        "config",
      );
    }
  }
}

function settingsPath(options: OptionValues, { environment, cwd }: Terminal): string | undefined {
  const given = options["config"];
  if (typeof given === "string") return resolve(cwd, given);
  const home = environment["HOME"];
  const path = home === undefined || home === "" ? undefined : join(home, ".gw.yaml");
  return path !== undefined && existsSync(path) ? path : undefined;
}

/** The option as commander knows it. */
export function toCommander({ flags, summary, default: byDefault, isList, choices }: Option): CommanderOption {
  const option = new CommanderOption(flags, summary);
  if (byDefault !== undefined) option.default(byDefault);
  if (choices !== undefined) option.choices([...choices]);
  if (isList === true) {
    option.argParser<readonly string[]>((value, previous) =>
      previous === byDefault ? [value] : [...(previous ?? []), value],
    );
  }
  return option;
}

function readVariables(command: Commander, environment: Terminal["environment"]): void {
  for (const option of command.options) {
    const variable = variableOf(option);
    const text = environment[variable];
    const source = command.getOptionValueSource(option.attributeName());
    if (
      text === undefined ||
      text === "" ||
      option.long === "--version" ||
      (source !== undefined && source !== "default")
    )
      continue;
    command.setOptionValueWithSource(option.attributeName(), valueOf(option, variable, text), "env");
  }
}

/** `--json-output` → GW_JSON_OUTPUT. */
function variableOf(option: CommanderOption): string {
  return `GW_${(option.long ?? option.flags).replace(/^-+/, "").replaceAll("-", "_").toUpperCase()}`;
}

function valueOf(option: CommanderOption, variable: string, text: string): unknown {
  if (option.isBoolean() || option.negate) return truthOf(variable, text) !== option.negate;
  try {
    const parts =
      option.variadic || option.parseArg === undefined || option.argChoices !== undefined ? [text] : text.split(",");
    return parts.reduce<unknown>(
      (previous, part) => (option.parseArg === undefined ? part : option.parseArg(part, previous)),
      undefined,
    );
  } catch (error) {
    if (error instanceof CommanderError) throw new UsageError(`${variable} is not valid: ${error.message}`);
    throw error;
  }
}

function truthOf(variable: string, text: string): boolean {
  if (/^(1|true|yes|on)$/i.test(text)) return true;
  if (/^(0|false|no|off|)$/i.test(text)) return false;
  throw new UsageError(`${variable} must be true or false.`);
}
