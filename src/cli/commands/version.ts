import type { Command } from "../command.ts";
import { isSet } from "../option-values.ts";
import { version as number } from "../version.ts";
import { jsonText } from "../views/report.ts";

export const version: Command = {
  name: "version",
  summary: "print the version",
  options: [{ flags: "--json, --json-output", summary: "print one JSON document" }],
  async run(_, options, terminal) {
    const facts = {
      schema_version: 1,
      version: number,
      node: process.versions.node,
      platform: `${process.platform}-${process.arch}`,
    };
    terminal.out(isSet(options, "jsonOutput") ? jsonText(facts) : `gw ${number}\n`);
    return 0;
  },
};
