import { type Document, type ErrorCode, parseAllDocuments, parseDocument as parseEmpty, type YAMLError } from "yaml";
import type { Diagnostic, Place } from "../core/diagnostics.ts";
import { toError } from "../core/errors.ts";
import type { DiagnosticCode } from "./codes.ts";
import { locate } from "./locate.ts";
import { NodeError } from "./located-node.ts";
import { locatedDocument, type ParseResult } from "./parsed-document.ts";

/**
 * Reads the first document of `text` by `yaml`, which knows all of YAML and says best what is wrong; never throws. Only the first syntax
 * error is reported, since the others follow from it.
 */
export function parseYaml(text: string, placeAt: (offset: number) => Place): ParseResult {
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
    return { document: locatedDocument(root.value, () => root, placeAt, second?.range[0] ?? text.length), diagnostics };
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
