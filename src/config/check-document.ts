import type { Diagnostic, Severity } from "../core/diagnostics.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import type { DiagnosticCode } from "./codes.ts";
import { defaultKinds } from "./expand.ts";
import { type Path, printPath, printPointer } from "./path.ts";
import { gatewaySchema } from "./schemas.ts";
import type { SourceDocument } from "./source-document.ts";
import type { CollectionName } from "./types.ts";
import { unsupportedKeys } from "./unsupported.ts";

/** What a file says about itself. */
export interface DocumentHeader {
  readonly formatVersion?: string;
  readonly selectTags: readonly string[];
  /** Which entities of the store may be referred to: those with all the tags. */
  readonly lookupTags: LookupTags;
}

export type LookupTags = Readonly<Partial<Record<CollectionName, readonly string[]>>>;

export interface CheckedDocument {
  readonly header: DocumentHeader;
  readonly diagnostics: readonly Diagnostic[];
}

const VERSIONS = ["1.1", "3.0"];
const INFO_KEYS = ["select_tags", "default_lookup_tags", "defaults"];
/** What names an entity cannot be a default (decK refuses these as well). */
const NO_DEFAULTS = ["id", "name", "target", "created_at", "updated_at"];
const LOOKUP_COLLECTIONS = ["services", "routes", "consumers", "consumer_groups", "partials"];
const IGNORED: ReadonlySet<string> = new Set(["_workspace", "_konnect"]);

const emptyHeader: DocumentHeader = { selectTags: [], lookupTags: {} };

/** The top level of one file: its keys and what is not an entity. */
export function checkDocument(document: SourceDocument): CheckedDocument {
  const diagnostics: Diagnostic[] = [];
  const report: Report = (severity, code, message, path, more = {}) => {
    if (document.broken.has(printPointer(path))) return;
    const place =
      code === "unknown-key" || code === "not-supported"
        ? document.places.keyPlaceOf(path)
        : document.places.placeOf(path);
    diagnostics.push({ severity, code, message, ...more, place, path: printPath(path) });
  };
  const { value } = document;
  if (value === null) return { header: emptyHeader, diagnostics };
  if (!isJsonObject(value)) {
    report(
      "error",
      "wrong-type",
      "A configuration file must be a mapping with keys such as services, routes, plugins and vaults.",
      [],
    );
    return { header: emptyHeader, diagnostics };
  }
  checkKeys(value, report);
  checkTransform(value, report);
  const formatVersion = readFormatVersion(value, report);
  const header = {
    ...readInfo(value, report),
    ...(formatVersion === undefined ? {} : { formatVersion }),
  };
  return { header, diagnostics };
}

type Report = (
  severity: Severity,
  code: DiagnosticCode,
  message: string,
  path: Path,
  more?: { readonly fix?: string },
) => void;

function checkKeys(value: JsonObject, report: Report): void {
  const known = Object.keys(gatewaySchema.properties ?? {});
  for (const key of Object.keys(value)) {
    if (IGNORED.has(key)) report("warning", "ignored-key", `The key "${key}" is ignored: gw has no workspaces.`, [key]);
    else if (known.includes(key) || key.startsWith("x-")) continue;
    else if (unsupportedKeys.document.has(key))
      report("error", "not-supported", `The key "${key}" is not supported by this version.`, [key]);
    else report("error", "unknown-key", `The key "${key}" is not known.${didYouMean(key, known)}`, [key]);
  }
}

function checkTransform(value: JsonObject, report: Report): void {
  const transform = value["_transform"];
  if (transform === undefined || transform === true) return;
  const path = ["_transform"];
  if (transform !== false) return report("error", "wrong-type", "_transform must be true or false, or left out.", path);
  report("warning", "ignored-key", "_transform: false is ignored: gw always fills in defaults and ids.", path);
}

function readFormatVersion(value: JsonObject, report: Report): string | undefined {
  const version = value["_format_version"];
  const fix = { fix: 'Write _format_version: "3.0".' };
  if (version === undefined)
    report("warning", "format-version", 'There is no _format_version; "3.0" is assumed.', [], fix);
  else if (typeof version !== "string")
    report("error", "format-version", "_format_version must be text, in quotes.", ["_format_version"], fix);
  else if (VERSIONS.includes(version)) return version;
  else report("error", "format-version", '_format_version must be "3.0" or "1.1".', ["_format_version"], fix);
  return undefined;
}

function readInfo(value: JsonObject, report: Report): Pick<DocumentHeader, "selectTags" | "lookupTags"> {
  const info = value["_info"];
  if (info === undefined) return emptyHeader;
  if (!isJsonObject(info)) {
    report("error", "wrong-type", "_info must be a mapping.", ["_info"]);
    return emptyHeader;
  }
  for (const key of Object.keys(info)) {
    if (INFO_KEYS.includes(key)) continue;
    const isKnown = unsupportedKeys._info.has(key);
    const message = isKnown ? "is not supported by this version." : `is not known.${didYouMean(key, INFO_KEYS)}`;
    report("error", isKnown ? "not-supported" : "unknown-key", `The key "${key}" of _info ${message}`, ["_info", key]);
  }
  checkDefaults(info["defaults"], report);
  return {
    selectTags: readTags(info["select_tags"], ["_info", "select_tags"], report),
    lookupTags: readLookupTags(info["default_lookup_tags"], report),
  };
}

function checkDefaults(value: Json | undefined, report: Report): void {
  if (value === undefined) return;
  const path = ["_info", "defaults"];
  if (!isJsonObject(value)) return report("error", "wrong-type", "_info.defaults must be a mapping.", path);
  const kinds = Object.keys(defaultKinds);
  for (const [kind, defaults] of Object.entries(value)) {
    const at = [...path, kind];
    if (!kinds.includes(kind))
      report("error", "unknown-key", `The key "${kind}" of _info.defaults is not known.${didYouMean(kind, kinds)}`, at);
    else if (!isJsonObject(defaults)) report("error", "wrong-type", `${printPath(at)} must be a mapping.`, at);
    else
      for (const key of NO_DEFAULTS.filter((each) => Object.hasOwn(defaults, each)))
        report("error", "bad-value", `${printPath(at)} cannot set "${key}".`, [...at, key]);
  }
}

function readLookupTags(value: Json | undefined, report: Report): LookupTags {
  if (value === undefined) return {};
  const path = ["_info", "default_lookup_tags"];
  if (!isJsonObject(value)) {
    report("error", "wrong-type", "_info.default_lookup_tags must be a mapping.", path);
    return {};
  }
  const known = Object.keys(value).filter((key) => {
    if (LOOKUP_COLLECTIONS.includes(key)) return true;
    const message = `The key "${key}" of _info.default_lookup_tags is not known.${didYouMean(key, LOOKUP_COLLECTIONS)}`;
    report("error", "unknown-key", message, [...path, key]);
    return false;
  });
  return Object.fromEntries(known.map((key) => [key, readTags(value[key], [...path, key], report)]));
}

function readTags(tags: Json | undefined, path: Path, report: Report): readonly string[] {
  if (tags === undefined) return [];
  const isList = Array.isArray(tags) && tags.every((tag): tag is string => typeof tag === "string" && tag !== "");
  if (!isList) report("error", "wrong-type", `${printPath(path)} must be a list of texts.`, path);
  return isList ? tags : [];
}
