import type { Command } from "../command.ts";
import { inputArguments } from "../config-input.ts";
import { isSet } from "../option-values.ts";
import { planningOptions, proposeSync, withPlan } from "../planning.ts";
import { eventsText, summaryText } from "../views/plan.ts";
import { jsonText, planReport } from "../views/report.ts";

const CHANGES_FOUND = 2;

export const diff: Command = {
  name: "diff",
  summary: "show what sync would change in the store",
  arguments: inputArguments,
  options: [...planningOptions, { flags: "--non-zero-exit-code", summary: "exit with 2 when there are changes" }],
  async run(args, options, terminal) {
    return await withPlan(
      options,
      terminal,
      proposeSync(args, options, terminal),
      async ({ plan, steps, warnings }) => {
        if (isSet(options, "jsonOutput")) {
          terminal.out(jsonText(planReport({ steps, serial: plan.serial, warnings })));
        } else {
          if (!isSet(options, "silenceEvents")) terminal.out(eventsText(steps, terminal.colour));
          terminal.out(summaryText(plan, terminal.colour));
        }
        return isSet(options, "nonZeroExitCode") && steps.length > 0 ? CHANGES_FOUND : 0;
      },
    );
  },
};
