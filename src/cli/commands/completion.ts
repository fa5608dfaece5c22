import { UsageError } from "../../core/errors.ts";
import type { Command } from "../command.ts";
import { commandWords } from "../completion/command-words.ts";
import { scripts, type Shell } from "../completion/scripts.ts";
import type { CommandRow } from "../program.ts";

/** Completes what `rows` define. */
export function completion(rows: readonly CommandRow[]): Command {
  return {
    name: "completion",
    summary: "print a completion script for bash, zsh or fish",
    arguments: "<shell>",
    options: [],
    async run([shell = ""], _, terminal) {
      if (!isShell(shell))
        throw new UsageError(`There is no completion for "${shell}". Shells: ${Object.keys(scripts).join(", ")}.`);
      terminal.out(scripts[shell](await commandWords(rows)));
      return 0;
    },
  };
}

function isShell(shell: string): shell is Shell {
  return Object.hasOwn(scripts, shell);
}
