import { printConfig } from "../../config/print.ts";
import type { Command } from "../command.ts";
import { inputArguments, inputOptions, loadInput } from "../config-input.ts";
import { writeOutput } from "../output-file.ts";
import { diagnosticsText } from "../views/diagnostics.ts";
import { formatOptions, printOptions, shownConfig } from "./dump.ts";

export const render: Command = {
  name: "render",
  summary: "print the files as one: merged, with values of the environment and defaults; secrets stay expressions",
  arguments: inputArguments,
  options: [...inputOptions, ...formatOptions],
  async run(args, options, terminal) {
    const { config, diagnostics } = await loadInput(args, options, terminal);
    terminal.err(diagnosticsText(diagnostics, new Map(), terminal.colour));
    writeOutput(
      printConfig(shownConfig(config, options), { ...printOptions(options), defaults: true }),
      options,
      terminal,
    );
    return 0;
  },
};
