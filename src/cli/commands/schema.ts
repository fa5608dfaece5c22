import { editorSchema } from "../../config/editor-schema.ts";
import type { Command } from "../command.ts";
import { outputOptions, writeOutput } from "../output-file.ts";

export const schema: Command = {
  name: "schema",
  summary: "print the JSON Schema of kong.yaml, for completion and hover texts in editors",
  options: outputOptions,
  async run(_, options, terminal) {
    writeOutput(`${JSON.stringify(editorSchema(), null, 2)}\n`, options, terminal);
    return 0;
  },
};
