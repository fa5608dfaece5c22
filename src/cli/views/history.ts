import { KEPT_REVISIONS, type Revision } from "../../state/store.ts";
import { escapeControls } from "./escape-controls.ts";
import { styleFor } from "./style.ts";

/** A line a revision, the newest first. */
export function historyText(revisions: readonly Revision[], colour: boolean): string {
  const style = styleFor(colour);
  const newest = revisions.toReversed();
  const width = String(newest[0]?.serial ?? 0).length;
  const lines = newest.map(({ serial, at, who, files, summary: { created, updated, deleted } }) =>
    [
      style.bold(String(serial).padStart(width)),
      at.slice(0, 19).replace("T", " "),
      escapeControls(who),
      `+${created} ~${updated} -${deleted}`,
      style.dim(escapeControls(files.join(", "))),
    ].join("  "),
  );
  return `${lines.join("\n")}\n`;
}

export function historyReport(revisions: readonly Revision[]): object {
  const present = revisions.at(-1)?.serial ?? 0;
  return {
    schema_version: 1,
    revisions: revisions.map((revision) => ({ ...revision, readable: revision.serial > present - KEPT_REVISIONS })),
  };
}
