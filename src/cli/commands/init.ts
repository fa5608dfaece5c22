import { join } from "node:path";
import { starterConfig } from "../../config/starter.ts";
import { editorSchema } from "../../config/editor-schema.ts";
import type { Command } from "../command.ts";
import { DEFAULT_FILE } from "../config-input.ts";
import { isSet } from "../option-values.ts";
import { writeWhole } from "../output-file.ts";

const SCHEMA_FILE = ".gw/gateway.schema.json";

export const init: Command = {
  name: "init",
  summary: `write a ${DEFAULT_FILE} to start from, and the schema that editors use for it`,
  options: [{ flags: "--yes", summary: "overwrite the file" }],
  async run(_, options, terminal) {
    writeWhole(join(terminal.cwd, DEFAULT_FILE), starterConfig(SCHEMA_FILE), isSet(options, "yes"));
    writeWhole(join(terminal.cwd, SCHEMA_FILE), `${JSON.stringify(editorSchema(), null, 2)}\n`, true);
    terminal.err(
      `Wrote ${DEFAULT_FILE}. Next: gw validate, gw test-route "What is 2 + 2?", gw serve ${DEFAULT_FILE}.\n`,
    );
    return 0;
  },
};
