import { UsageError } from "../../core/errors.ts";
import { carryOut } from "../carry-out.ts";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { inputArguments } from "../config-input.ts";
import { listOf, textOf } from "../option-values.ts";
import { readPlanFile, refuseOutdated } from "../plan-file.ts";
import { planningOptions, type Propose, proposeSync, withPlan } from "../planning.ts";

export const sync: Command = {
  name: "sync",
  summary: "make the store equal to the files, all at once or not at all",
  arguments: inputArguments,
  options: [
    ...planningOptions,
    { flags: "--plan <file>", summary: "carry out what `gw diff --out` planned, if nothing changed since" },
    { flags: "--yes", summary: "delete without asking" },
  ],
  async run(args, options, terminal) {
    const path = textOf(options, "plan");
    const propose = path === undefined ? proposeSync : proposePlanned(path);
    return await withPlan(
      options,
      terminal,
      propose(args, options, terminal),
      async (planned) => await carryOut(planned, options, terminal),
    );
  },
};

/** The files of the plan, read again. */
function proposePlanned(path: string): typeof proposeSync {
  return (args: readonly string[], options: OptionValues, terminal: Terminal): Propose => {
    if (args.length > 0 || listOf(options, "state").length > 0)
      throw new UsageError("--plan names its files itself. Give either the plan or files.");
    return async (current, store) => {
      const file = readPlanFile(path, terminal.cwd);
      const selected = { ...options, selectTag: file.selectTags };
      const proposal = await proposeSync(file.inputs, selected, terminal)(current, store);
      refuseOutdated(file, proposal.plan);
      return proposal;
    };
  };
}
