import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import { toError, UsageError } from "../core/errors.ts";
import { type LabelledPrompt, parseLabelMap, parsePrompts } from "../routing/labelled-prompts.ts";
import type { Option, OptionValues, Terminal } from "./command.ts";
import { textOf } from "./option-values.ts";

export const mapOption: Option = {
  flags: "--map <labels>",
  summary: "what a row's `label` means: programming=gpt-4o,other=CATCHALL",
};

/** The prompts of a file, or of standard input for `-`. Throws UsageError when it cannot be read or understood. */
export async function readPrompts(
  file: string,
  options: OptionValues,
  terminal: Terminal,
  mustExpect: boolean,
): Promise<readonly LabelledPrompt[]> {
  const labels = parseLabelMap(textOf(options, "map"));
  const name = file === "-" ? "standard input" : file;
  let content: string;
  try {
    content = file === "-" ? await text(terminal.stdin) : await readFile(resolve(terminal.cwd, file), "utf8");
  } catch (error) {
    throw new UsageError(`The prompts in ${name} cannot be read: ${toError(error).message}`);
  }
  return parsePrompts(content, labels, { file: name, mustExpect });
}
