import { type ErrorCode, LineCounter, parseAllDocuments, type YAMLError } from "yaml";
import type { Diagnostic, Place } from "../core/diagnostics.ts";
import { toError } from "../core/errors.ts";
import type { Json } from "../core/json.ts";
import type { DiagnosticCode } from "./codes.ts";
import { createLineTable } from "./line-table.ts";
import { locate, type LocatedNode, NodeError } from "./located-node.ts";
import type { Path } from "./path.ts";

/** One YAML or JSON document as plain data that still knows where each value stands. */
export interface ParsedDocument {
  readonly value: Json;
  /** Of the value at `path`, or of the nearest value above it that exists. */
  placeOf(path: Path): Place;
  /** Of the key that leads to `path`; a list item has none, then it is its place. */
  keyPlaceOf(path: Path): Place;
  /** Start and end offset of the value in the text; undefined when there is no such value. */
  rangeOf(path: Path): readonly [number, number] | undefined;
  /** Whether the scalar at `path` was written without quotes, so that YAML gives its text a type. */
  isPlain(path: Path): boolean;
}

export interface ParseResult {
  /** Absent when the text is not YAML. */
  readonly document?: ParsedDocument;
  readonly diagnostics: readonly Diagnostic[];
}

/**
 * Reads the first document of `text`; never throws. Messages quote keys but no values, which may be secrets. Only the first syntax
 * error is reported, since the others follow from it. JSON is read as YAML, as decK does.
 */
export function parseDocument(text: string, file: string): ParseResult {
  const placeAt = createLineTable(text, file);
  const report = (
    severity: Diagnostic["severity"],
    code: DiagnosticCode,
    message: string,
    offset: number,
  ): Diagnostic => ({
    severity,
    code,
    message,
    place: placeAt(offset),
  });
  try {
    const [first, second] = readAll(text);
    if (first === undefined)
      return {
        document: documentOf({ value: null, start: 0, end: 0, isPlain: true, size: 1 }, placeAt),
        diagnostics: [],
      };
    const [error] = first.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
    if (error !== undefined) return { diagnostics: [report("error", "yaml-syntax", describe(error), error.pos[0])] };
    const diagnostics: Diagnostic[] = [];
    if (second !== undefined) {
      const start = second.range[0];
      diagnostics.push(
        report(
          "warning",
          "extra-document",
          "Only the first YAML document of a file is read; what follows is ignored.",
          start,
        ),
      );
    }
    const root = locate(first, (key, at, firstAt) => {
      diagnostics.push({
        ...report("error", "yaml-duplicate-key", `The key "${key}" is given twice.`, at),
        fix: "Remove one of the two.",
        related: [{ message: "First given here", place: placeAt(firstAt) }],
      });
    });
    return { document: documentOf(root, placeAt), diagnostics };
  } catch (thrown) {
    if (thrown instanceof NodeError)
      return { diagnostics: [report("error", "yaml-unsupported", thrown.message, thrown.offset)] };
    return { diagnostics: [report("error", "yaml-syntax", unreadable(thrown), 0)] };
  }
}

/** All scalars stay text here: plain ones get their type in located-node.ts, which an environment variable's value needs as well. */
function readAll(text: string) {
  const documents = parseAllDocuments(text, {
    schema: "failsafe",
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "silent",
    lineCounter: new LineCounter(),
  });
  return Array.isArray(documents) ? documents : [];
}

function documentOf(root: LocatedNode, placeAt: (offset: number) => Place): ParsedDocument {
  return {
    value: root.value,
    placeOf: (path) => placeAt(nearest(root, path).start),
    keyPlaceOf(path) {
      const node = nearest(root, path);
      return placeAt(node.keyStart ?? node.start);
    },
    rangeOf(path) {
      const node = follow(root, path);
      return node === undefined ? undefined : [node.start, node.end];
    },
    isPlain: (path) => follow(root, path)?.isPlain ?? false,
  };
}

function follow(root: LocatedNode, path: Path): LocatedNode | undefined {
  let node: LocatedNode | undefined = root;
  for (const part of path) node = node?.children?.get(String(part));
  return node;
}

function nearest(root: LocatedNode, path: Path): LocatedNode {
  let node = root;
  for (const part of path) {
    const next = node.children?.get(String(part));
    if (next === undefined) return node;
    node = next;
  }
  return node;
}

/** Own words: the library's messages may quote the text, and so a secret. */
const explanations: Partial<Record<ErrorCode, string>> = {
  BAD_ALIAS: "An alias (*name) has no anchor (&name) before it.",
  BAD_DQ_ESCAPE:
    'A backslash in double quotes begins no known escape. Write "\\\\" for a backslash, or use single quotes.',
  BAD_INDENT: "The indentation does not fit the lines above.",
  BAD_SCALAR_START: "A value cannot begin with this character. Put the value in quotes.",
  BLOCK_AS_IMPLICIT_KEY: "Nested mappings are not allowed on one line. Is a value with a colon missing its quotes?",
  KEY_OVER_1024_CHARS: "A key is longer than 1,024 characters. Is a quote missing its end?",
  MISSING_CHAR: "Something above has no end (a quote, bracket or brace), or a comma or colon is missing here.",
  MULTILINE_IMPLICIT_KEY: "A key must be on one line. Is a colon missing, or a quote missing its end?",
  RESOURCE_EXHAUSTION: "This is nested too deeply to be read.",
  TAB_AS_INDENT: "Tabs cannot indent YAML. Use spaces.",
  UNEXPECTED_TOKEN: "This is not expected here. Is a quote or bracket above missing its end?",
};

function describe(error: YAMLError): string {
  return explanations[error.code] ?? `This is not YAML (${error.code.toLowerCase().replaceAll("_", " ")}).`;
}

function unreadable(thrown: unknown): string {
  return toError(thrown) instanceof RangeError
    ? "This is nested too deeply to be read."
    : "This cannot be read as YAML.";
}
