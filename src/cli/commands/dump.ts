import { maskSecrets } from "../../config/masked-secrets.ts";
import { type PrintOptions, printConfig } from "../../config/print.ts";
import type { GatewayConfig } from "../../config/types.ts";
import { withoutSkipped } from "../../state/skip.ts";
import type { Command, Option, OptionValues } from "../command.ts";
import { storeName, withStore } from "../open-store.ts";
import { isSet, textOf } from "../option-values.ts";
import { skipOptions, skipsOf } from "../skips.ts";
import { outputOptions, writeOutput } from "../output-file.ts";

export const formatOptions: readonly Option[] = [
  ...outputOptions,
  { flags: "--format <format>", summary: "of what is printed", choices: ["yaml", "json"], default: "yaml" },
  { flags: "--with-secrets", summary: "print secrets in plain text, instead of [masked]" },
  { flags: "--with-id", summary: "print every id, also those that follow from a name" },
];

export const dump: Command = {
  name: "dump",
  summary: "print the store as a kong.yaml that loads back without a difference",
  options: [...formatOptions, ...skipOptions, { flags: "--no-skip-defaults", summary: "print defaults too" }],
  async run(_, options, terminal) {
    const { serial, config } = await withStore(options, terminal, async (store) => await store.read());
    if (serial === 0) terminal.err(`Nothing was ever synced to the store ${storeName(options)}.\n`);
    const defaults = options["skipDefaults"] === false;
    writeOutput(
      printConfig(shownConfig(withoutSkipped(config, skipsOf(options)), options), {
        ...printOptions(options),
        defaults,
      }),
      options,
      terminal,
    );
    return 0;
  },
};

/** `[masked]` for secrets in plain text: read back, it means "unchanged". */
export function shownConfig(config: GatewayConfig, options: OptionValues): GatewayConfig {
  return isSet(options, "withSecrets") ? config : maskSecrets(config);
}

export function printOptions(options: OptionValues): PrintOptions {
  return { ids: isSet(options, "withId"), format: textOf(options, "format") === "json" ? "json" : "yaml" };
}
