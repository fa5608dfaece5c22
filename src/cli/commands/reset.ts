import { UsageError } from "../../core/errors.ts";
import { planSync } from "../../state/plan.ts";
import { emptySnapshot } from "../../state/snapshot.ts";
import { carryOut } from "../carry-out.ts";
import type { Command, OptionValues, Terminal } from "../command.ts";
import { isSet } from "../option-values.ts";
import { planOptions, type Propose, withPlan } from "../planning.ts";
import { skipOptions, skipsOf } from "../skips.ts";
import { selectTagOption, selectTags } from "../select-tags.ts";

export const reset: Command = {
  name: "reset",
  summary: "delete everything from the store, or what carries the select tags",
  options: [
    ...planOptions,
    selectTagOption,
    ...skipOptions,
    { flags: "-f, --force", summary: "delete without asking" },
  ],
  async run(_, options, terminal) {
    return await withPlan(
      options,
      terminal,
      proposeReset(options, terminal),
      async (planned) => await carryOut(planned, options, terminal),
    );
  },
};

function proposeReset(options: OptionValues, terminal: Terminal): Propose {
  if (!isSet(options, "force") && !terminal.isInteractive)
    throw new UsageError("gw reset deletes everything from the store. Give --force to do that without being asked.");
  return async (current) => ({
    plan: planSync(current, emptySnapshot, selectTags(options, []), skipsOf(options)),
    files: ["(reset)"],
    warnings: [],
  });
}
