import { carryOut } from "../carry-out.ts";
import type { Command } from "../command.ts";
import { inputArguments, inputOptions } from "../config-input.ts";
import { planOptions, proposeApply, withPlan } from "../planning.ts";

export const apply: Command = {
  name: "apply",
  summary: "create and update what the files name, and delete nothing",
  arguments: inputArguments,
  options: [...inputOptions, ...planOptions, { flags: "--yes", summary: "accepted: apply never asks" }],
  async run(args, options, terminal) {
    return await withPlan(
      options,
      terminal,
      proposeApply(args, options, terminal),
      async (planned) => await carryOut(planned, options, terminal),
    );
  },
};
