import { resolve } from "node:path";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { inputArguments, inputFiles } from "../config-input.ts";
import { isSet, textOf } from "../option-values.ts";
import { writeWhole } from "../output-file.ts";
import { planFileText } from "../plan-file.ts";
import { isCompact, type Planned, planningOptions, proposeSync, withPlan } from "../planning.ts";
import { impactOptions, promptImpact } from "../prompt-impact.ts";
import { impactText } from "../views/impact.ts";
import { eventsText, summaryText } from "../views/plan.ts";
import { jsonText, planReport } from "../views/report.ts";

const CHANGES_FOUND = 2;

export const diff: Command = {
  name: "diff",
  summary: "show what sync would change in the store",
  arguments: inputArguments,
  options: [
    ...planningOptions,
    { flags: "--non-zero-exit-code", summary: "exit with 2 when there are changes" },
    ...impactOptions,
    { flags: "--out <file>", summary: "write a plan for `gw sync --plan`, without secrets" },
  ],
  async run(args, options, terminal) {
    return await withPlan(options, terminal, proposeSync(args, options, terminal), async (planned) => {
      const { plan, steps, warnings } = planned;
      keepPlan(planned, args, options, terminal);
      const impact = await promptImpact(planned, options, terminal);
      if (isSet(options, "jsonOutput")) {
        const report = planReport({ steps, serial: plan.serial, warnings });
        terminal.out(jsonText(impact === undefined ? report : { ...report, prompts: impact }));
      } else {
        if (!isSet(options, "silenceEvents"))
          terminal.out(eventsText(steps, terminal.colour, isCompact(options, terminal)));
        terminal.out(summaryText(plan, terminal.colour));
        if (impact !== undefined) terminal.out(impactText(impact));
      }
      return isSet(options, "nonZeroExitCode") && steps.length > 0 ? CHANGES_FOUND : 0;
    });
  },
};

function keepPlan(planned: Planned, args: readonly string[], options: OptionValues, terminal: Terminal): void {
  const { plan, steps, warnings, selectTags = [] } = planned;
  const path = textOf(options, "out");
  if (path === undefined) return;
  const inputs = inputFiles(args, options, terminal);
  const report = planReport({ steps, serial: plan.serial, warnings });
  writeWhole(resolve(terminal.cwd, path), planFileText(plan, report, { inputs, selectTags }), true);
}
