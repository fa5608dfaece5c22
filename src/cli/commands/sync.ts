import { UsageError } from "../../core/errors.ts";
import { applyPlan, type Author } from "../../state/apply.ts";
import type { Plan } from "../../state/plan.ts";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { inputArguments } from "../config-input.ts";
import { confirm } from "../confirm.ts";
import { isSet } from "../option-values.ts";
import { type Planned, planningOptions, warningLines, withPlan } from "../planning.ts";
import { eventsText, summaryText } from "../views/plan.ts";
import { jsonText, planReport } from "../views/report.ts";

export const sync: Command = {
  name: "sync",
  summary: "make the store equal to the files, all at once or not at all",
  arguments: inputArguments,
  options: [...planningOptions, { flags: "--yes", summary: "delete without asking" }],
  async run(args, options, terminal) {
    return await withPlan(args, options, terminal, async ({ loaded, store, current, plan, steps }) => {
      const isJson = isSet(options, "jsonOutput");
      if (!isJson && !isSet(options, "silenceEvents")) terminal.out(eventsText(steps, terminal.colour));
      await agree(plan, options, terminal);
      const serial = await applyPlan(store, current, plan, authorOf({ loaded }, terminal));
      terminal.out(
        isJson
          ? jsonText(planReport({ steps, serial, warnings: warningLines(loaded) }))
          : summaryText(plan, terminal.colour),
      );
      return 0;
    });
  },
};

/** Only a person at a terminal is asked, and only before something is deleted. */
async function agree(plan: Plan, options: OptionValues, terminal: Terminal): Promise<void> {
  const deleted = plan.steps.filter(({ action }) => action === "delete").length;
  if (deleted === 0 || isSet(options, "yes") || !terminal.isInteractive) return;
  const things = deleted === 1 ? "1 entity" : `${deleted} entities`;
  if (await confirm(`This deletes ${things} from the store. Go on?`, terminal)) return;
  throw new UsageError("Nothing was changed. Answer y, or give --yes, to delete.");
}

function authorOf({ loaded }: Pick<Planned, "loaded">, terminal: Terminal): Author {
  const { environment } = terminal;
  const who = environment["USER"] ?? environment["LOGNAME"] ?? "unknown";
  return { at: new Date().toISOString(), who, files: loaded.files };
}
