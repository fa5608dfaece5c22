import type { Command } from "../command.ts";
import { isSet } from "../option-values.ts";
import { withStore } from "../open-store.ts";
import { historyReport, historyText } from "../views/history.ts";
import { jsonText } from "../views/report.ts";

export const history: Command = {
  name: "history",
  summary: "list what was synced when, by whom and from which files",
  options: [{ flags: "--json, --json-output", summary: "print one JSON document" }],
  async run(_, options, terminal) {
    const revisions = await withStore(options, terminal, async (store) => await store.history());
    if (isSet(options, "jsonOutput")) terminal.out(jsonText(historyReport(revisions)));
    else if (revisions.length === 0) terminal.err("Nothing was ever synced to this store.\n");
    else terminal.out(historyText(revisions, terminal.colour));
    return 0;
  },
};
