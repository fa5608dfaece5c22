import { UsageError } from "../core/errors.ts";
import { applyPlan, type Author } from "../state/apply.ts";
import type { Plan } from "../state/plan.ts";
import type { OptionValues, Terminal } from "./command.ts";
import { confirm } from "./confirm.ts";
import { isSet } from "./option-values.ts";
import { isCompact, type Planned } from "./planning.ts";
import { deletionsText, eventsText, summaryText } from "./views/plan.ts";
import { jsonText, planReport } from "./views/report.ts";

/** Shows the plan, asks a person before anything is deleted, writes, and reports. The exit code. */
export async function carryOut(planned: Planned, options: OptionValues, terminal: Terminal): Promise<number> {
  const { store, current, plan, steps, files, warnings } = planned;
  const isJson = isSet(options, "jsonOutput");
  if (!isJson && !isSet(options, "silenceEvents"))
    terminal.out(eventsText(steps, terminal.colour, isCompact(options, terminal)));
  terminal.err(deletionsText(plan, terminal.colour));
  await agree(plan, options, terminal);
  const serial = await applyPlan(store, current, plan, author(files, terminal));
  terminal.out(isJson ? jsonText(planReport({ steps, serial, warnings })) : summaryText(plan, terminal.colour));
  return 0;
}

/** Only a person at a terminal is asked, and only before something is deleted. */
async function agree(plan: Plan, options: OptionValues, terminal: Terminal): Promise<void> {
  const deleted = plan.steps.filter(({ action }) => action === "delete").length;
  if (deleted === 0 || isSet(options, "yes") || isSet(options, "force") || !terminal.isInteractive) return;
  const things = deleted === 1 ? "1 entity" : `${deleted} entities`;
  if (await confirm(`This deletes ${things} from the store. Go on?`, terminal)) return;
  throw new UsageError("Nothing was changed. Answer y, or give --yes, to delete.");
}

function author(files: readonly string[], { environment }: Terminal): Author {
  const who = environment["USER"] ?? environment["LOGNAME"] ?? "unknown";
  return { at: new Date().toISOString(), who, files };
}
