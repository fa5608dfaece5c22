import { kinds } from "../../config/kinds.ts";
import type { LoadedConfig } from "../../config/types.ts";
import { hasErrors } from "../../core/diagnostics.ts";
import { ConfigError } from "../../core/errors.ts";
import type { Command } from "../command.ts";
import { checkInput, inputArguments, inputOptions } from "../config-input.ts";
import { countText, diagnosticsReport, diagnosticsText } from "../views/diagnostics.ts";
import { jsonText } from "../views/report.ts";

export const validate: Command = {
  name: "validate",
  summary: "check configuration files and show every problem at once, without a network",
  arguments: inputArguments,
  options: [...inputOptions, { flags: "--json, --json-output", summary: "print the findings as one JSON document" }],
  async run(args, options, terminal) {
    const { diagnostics, loaded, sources } = await checkInput(args, options, terminal);
    const isValid = loaded !== undefined && !hasErrors(diagnostics);
    if (options["jsonOutput"] === true) {
      terminal.out(jsonText(diagnosticsReport(diagnostics)));
      return isValid ? 0 : 1;
    }
    if (!isValid) throw new ConfigError(countText(diagnostics), diagnostics, sources);
    terminal.err(diagnosticsText(diagnostics, sources, terminal.colour));
    if (terminal.isInteractive) terminal.out(`ok: ${contentText(loaded)}\n`);
    return 0;
  },
};

/** `3 services, 1 route`; kinds that do not occur are left out. */
function contentText({ config }: LoadedConfig): string {
  const parts = kinds.flatMap(({ collection, name }) => {
    const count = config[collection].length;
    return count === 0 ? [] : [`${count} ${name}${count === 1 ? "" : "s"}`];
  });
  return parts.length === 0 ? "no entities" : parts.join(", ");
}
