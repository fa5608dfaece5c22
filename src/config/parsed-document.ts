import type { Diagnostic, Place } from "../core/diagnostics.ts";
import type { Json } from "../core/json.ts";
import { childOf, type LocatedNode } from "./located-node.ts";
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

/** `root` is asked for when a place is: a file without problems never needs it. */
export function locatedDocument(
  value: Json,
  root: () => LocatedNode,
  placeAt: (offset: number) => Place,
  end: number,
): ParsedDocument {
  return {
    value,
    end,
    placeOf: (path) => placeAt(nearest(root(), path).start),
    keyPlaceOf(path) {
      const node = nearest(root(), path);
      return placeAt(node.keyStart ?? node.start);
    },
    rangeOf(path) {
      const node = follow(root(), path);
      return node === undefined ? undefined : [node.start, node.end];
    },
    isPlain: (path) => follow(root(), path)?.isPlain ?? false,
  };
}

/** `whole` with the value at `at` from another document. */
export function withPart(whole: ParsedDocument, at: Path, part: ParsedDocument): ParsedDocument {
  const pathInPart = (path: Path): Path | undefined =>
    path.length >= at.length && at.every((key, index) => key === path[index]) ? path.slice(at.length) : undefined;
  const choose =
    <T>(ask: (document: ParsedDocument, path: Path) => T) =>
    (path: Path): T => {
      const inner = pathInPart(path);
      return inner === undefined ? ask(whole, path) : ask(part, inner);
    };
  return {
    value: whole.value,
    end: whole.end,
    placeOf: choose((document, path) => document.placeOf(path)),
    keyPlaceOf: choose((document, path) => document.keyPlaceOf(path)),
    rangeOf: choose((document, path) => document.rangeOf(path)),
    isPlain: choose((document, path) => document.isPlain(path)),
  };
}

function follow(root: LocatedNode, path: Path): LocatedNode | undefined {
  let node: LocatedNode | undefined = root;
  for (const part of path) node = node && childOf(node, part);
  return node;
}

function nearest(root: LocatedNode, path: Path): LocatedNode {
  let node = root;
  for (const part of path) {
    const next = childOf(node, part);
    if (next === undefined) return node;
    node = next;
  }
  return node;
}
