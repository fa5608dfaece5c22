import { type PrintOptions, printConfig } from "../../config/print.ts";
import type { Command, Option, OptionValues } from "../command.ts";
import { storeLocation, withStore } from "../open-store.ts";
import { isSet, textOf } from "../option-values.ts";
import { outputOptions, writeOutput } from "../output-file.ts";

export const formatOptions: readonly Option[] = [
  ...outputOptions,
  { flags: "--format <format>", summary: "of what is printed", choices: ["yaml", "json"], default: "yaml" },
  { flags: "--with-id", summary: "print every id, also those that follow from a name" },
];

export const dump: Command = {
  name: "dump",
  summary: "print the store as a kong.yaml that loads back without a difference",
  options: [...formatOptions, { flags: "--no-skip-defaults", summary: "print defaults too" }],
  async run(_, options, terminal) {
    const { serial, config } = await withStore(options, terminal, async (store) => await store.read());
    if (serial === 0) terminal.err(`Nothing was ever synced to the store ${storeLocation(options)}.\n`);
    const defaults = options["skipDefaults"] === false;
    writeOutput(printConfig(config, { ...printOptions(options), defaults }), options, terminal);
    return 0;
  },
};

export function printOptions(options: OptionValues): PrintOptions {
  return { ids: isSet(options, "withId"), format: textOf(options, "format") === "json" ? "json" : "yaml" };
}
