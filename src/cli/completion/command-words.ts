import type { Option } from "../command.ts";
import { type CommandRow, globalOptions, toCommander } from "../program.ts";

/** A command as a shell sees it. */
export interface CommandWords {
  readonly name: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
}

export interface Flag {
  /** With its dashes. */
  readonly long: string;
  /** One letter, without its dash. */
  readonly short: string | undefined;
  readonly summary: string;
  readonly takesValue: boolean;
  readonly choices: readonly string[];
}

/** decK's groups, which may stand before a command. */
export const groups = ["gateway", "file"];

/** Of every command, from the definitions that commander is given. */
export async function commandWords(rows: readonly CommandRow[]): Promise<readonly CommandWords[]> {
  return await Promise.all(
    rows.map(async ({ name, summary, load }) => ({
      name,
      summary,
      flags: [...(await load()).options, ...globalOptions, help].map(toFlag),
    })),
  );
}

const help: Option = { flags: "-h, --help", summary: "display help for command" };

function toFlag(definition: Option): Flag {
  const option = toCommander(definition);
  return {
    long: option.long ?? definition.flags,
    short: option.short?.slice(1),
    summary: option.description,
    takesValue: option.required || option.optional,
    choices: option.argChoices ?? [],
  };
}
