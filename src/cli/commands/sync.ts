import { carryOut } from "../carry-out.ts";
import type { Command } from "../command.ts";
import { inputArguments } from "../config-input.ts";
import { planningOptions, proposeSync, withPlan } from "../planning.ts";

export const sync: Command = {
  name: "sync",
  summary: "make the store equal to the files, all at once or not at all",
  arguments: inputArguments,
  options: [...planningOptions, { flags: "--yes", summary: "delete without asking" }],
  async run(args, options, terminal) {
    return await withPlan(
      options,
      terminal,
      proposeSync(args, options, terminal),
      async (planned) => await carryOut(planned, options, terminal),
    );
  },
};
