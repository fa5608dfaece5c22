import { type Document, type ErrorCode, parseAllDocuments, parseDocument as parseEmpty, type YAMLError } from "yaml";
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
  /** Offset at which the document ends: what follows is not read. */
  readonly end: number;
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
  const refuse = (code: DiagnosticCode, message: string, offset: number): ParseResult => ({
    diagnostics: [{ severity: "error", code, message, place: placeAt(offset) }],
  });
  try {
    const [first, second] = readAll(text);
    const [error] = first.errors.toSorted((a, b) => a.pos[0] - b.pos[0]);
    if (error !== undefined) return refuse("yaml-syntax", describe(error), error.pos[0]);
    const diagnostics: Diagnostic[] = second === undefined ? [] : [extraDocument(placeAt(second.range[0]))];
    const root = locate(first, (key, at, firstAt) =>
      diagnostics.push(duplicateKey(key, placeAt(at), placeAt(firstAt))),
    );
    return { document: documentOf(root, placeAt, second?.range[0] ?? text.length), diagnostics };
  } catch (thrown) {
    if (thrown instanceof NodeError) return refuse("yaml-unsupported", thrown.message, thrown.offset);
    return refuse("yaml-syntax", unreadable(thrown), 0);
  }
}

/** All scalars stay text here: plain ones get their type in located-node.ts, which an environment variable's value needs as well. */
function readAll(text: string): readonly [Document.Parsed, ...Document.Parsed[]] {
  const documents = parseAllDocuments(text, {
    schema: "failsafe",
    prettyErrors: false,
    uniqueKeys: false,
    logLevel: "silent",
  });
  const [first, ...rest] = Array.isArray(documents) ? documents : [];
  return first === undefined ? [parseEmpty("", { schema: "failsafe" })] : [first, ...rest];
}

function extraDocument(place: Place): Diagnostic {
  const message = "Only the first YAML document of a file is read; what follows is ignored.";
  return { severity: "warning", code: "extra-document" satisfies DiagnosticCode, message, place };
}

function duplicateKey(key: string, place: Place, firstPlace: Place): Diagnostic {
  return {
    severity: "error",
    code: "yaml-duplicate-key" satisfies DiagnosticCode,
    message: `The key "${key}" is given twice.`,
    fix: "Remove one of the two.",
    place,
    related: [{ message: "First given here", place: firstPlace }],
  };
}

function documentOf(root: LocatedNode, placeAt: (offset: number) => Place, end: number): ParsedDocument {
  return {
    value: root.value,
    end,
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
