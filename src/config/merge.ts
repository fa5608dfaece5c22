import type { Diagnostic } from "../core/diagnostics.ts";
import type { DocumentHeader, LookupTags } from "./check-document.ts";
import type { SourceDocument } from "./source-document.ts";

export interface MergedHeaders {
  readonly header: DocumentHeader;
  readonly diagnostics: readonly Diagnostic[];
}

/** Of several files the lists are put together; of differing values the first file's holds, as in decK, but not in silence. */
export function mergeHeaders(
  files: readonly { readonly document: SourceDocument; readonly header: DocumentHeader }[],
): MergedHeaders {
  const first = files.find(({ header }) => header.formatVersion !== undefined);
  const version = first?.header.formatVersion;
  const selectTags = [...new Set(files.flatMap(({ header }) => header.selectTags))];
  const differing = files.filter(
    ({ header }) => header.formatVersion !== undefined && header.formatVersion !== version,
  );
  const diagnostics = differing.map(
    ({ document }): Diagnostic => ({
      severity: "warning",
      code: "conflicting-value",
      message: `_format_version differs from the one in "${first?.document.file}", which holds.`,
      fix: `Write _format_version: "${version}" in all files.`,
      place: document.places.placeOf(["_format_version"]),
      path: "_format_version",
    }),
  );
  return {
    header: {
      selectTags,
      lookupTags: mergeLookupTags(files.map(({ header }) => header.lookupTags)),
      ...(version === undefined ? {} : { formatVersion: version }),
    },
    diagnostics,
  };
}

function mergeLookupTags(tags: readonly LookupTags[]): LookupTags {
  const merged: Partial<Record<string, readonly string[]>> = {};
  for (const each of tags)
    for (const [collection, list] of Object.entries(each))
      merged[collection] = [...new Set([...(merged[collection] ?? []), ...list])];
  return merged;
}
