import { UsageError } from "../core/errors.ts";
import type { Option, OptionValues } from "./command.ts";
import { listOf } from "./option-values.ts";

export const selectTagOption: Option = {
  flags: "--select-tag <tag>",
  summary: "own only the entities that carry this tag (repeatable, or a comma list: all of them)",
  isList: true,
};

/** The tags of `--select-tag` and `_info.select_tags`. Throws UsageError when both are given and differ. */
export function selectTags(options: OptionValues, inFiles: readonly string[]): readonly string[] {
  const given = listOf(options, "selectTag").flatMap((list) => list.split(",").map((tag) => tag.trim()));
  if (given.includes(""))
    throw new UsageError("--select-tag has an empty tag. Write it as --select-tag team-a,team-b.");
  const byFlag = new Set(given);
  const byFile = new Set(inFiles);
  if (byFlag.size > 0 && byFile.size > 0 && !sameMembers(byFlag, byFile)) {
    throw new UsageError(
      `--select-tag names ${quote(byFlag)}, but _info.select_tags names ${quote(byFile)}. Make them equal, or give only one of them.`,
    );
  }
  return [...(byFlag.size > 0 ? byFlag : byFile)];
}

function sameMembers(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  return a.size === b.size && [...a].every((member) => b.has(member));
}

function quote(tags: ReadonlySet<string>): string {
  return [...tags].map((tag) => `"${tag}"`).join(", ");
}
