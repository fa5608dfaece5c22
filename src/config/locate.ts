import {
  type Document,
  isAlias,
  isMap,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type ParsedNode,
  Scalar,
  type YAMLMap,
  type YAMLSeq,
} from "yaml";
import type { Json } from "../core/json.ts";
import { listNode, type LocatedNode, mappingNode, mergeSources, NodeError } from "./located-node.ts";
import { resolvePlainScalar } from "./plain-scalar.ts";

type OnDuplicate = (key: string, offset: number, firstOffset: number) => void;

const MAX_DEPTH = 100;

/** Throws NodeError. Anchors are known from where they end, so an alias inside its own anchor is unknown. */
export function locate(document: Document.Parsed, onDuplicate: OnDuplicate): LocatedNode {
  return new Locator(onDuplicate).locate(document.contents, 0);
}

class Locator {
  readonly #anchors = new Map<string, LocatedNode>();
  readonly #onDuplicate: OnDuplicate;

  constructor(onDuplicate: OnDuplicate) {
    this.#onDuplicate = onDuplicate;
  }

  locate(node: ParsedNode | Node | null, depth: number): LocatedNode {
    if (node === null) return { value: null, start: 0, end: 0, isPlain: true, size: 1 };
    const [start, end] = node.range ?? [0, 0];
    if (depth > MAX_DEPTH) throw new NodeError(`Values are nested more than ${MAX_DEPTH} deep.`, start);
    if (isAlias(node)) return this.#resolveAlias(node.source, start);
    const located = this.#locateContent(node, start, end, depth);
    if ("anchor" in node && node.anchor !== undefined) this.#anchors.set(node.anchor, located);
    return located;
  }

  #locateContent(node: ParsedNode | Node, start: number, end: number, depth: number): LocatedNode {
    if (isScalar(node)) return locateScalar(node, start, end);
    if (node.tag !== undefined && !STANDARD_TAGS.has(node.tag))
      throw new NodeError("YAML tags are not supported.", start);
    if (isSeq(node)) return this.#locateList(node, start, end, depth);
    if (isMap(node)) return this.#locateMapping(node, start, end, depth);
    throw new NodeError("This kind of YAML node is not supported.", start);
  }

  #resolveAlias(name: string, start: number): LocatedNode {
    const anchored = this.#anchors.get(name);
    if (anchored === undefined)
      throw new NodeError("An alias (*name) has no anchor (&name) that ends before it.", start);
    return anchored;
  }

  #locateList(list: YAMLSeq, start: number, end: number, depth: number): LocatedNode {
    const items = list.items.map((item) => {
      if (isPair(item)) throw new NodeError("A pair cannot be an item of a list. Put it in braces.", start);
      return this.locate(item as Node | null, depth + 1);
    });
    return listNode(items, start, end);
  }

  #locateMapping(mapping: YAMLMap, start: number, end: number, depth: number): LocatedNode {
    const own = new Map<string, LocatedNode>();
    const merged: LocatedNode[] = [];
    for (const pair of mapping.items) {
      const key = this.#locateKey(pair.key as Node | null, start, depth);
      const value = this.#locateValue(pair.value as Node | null, key, depth);
      if (key.text === "<<" && key.isPlain) merged.push(...mergeSources(value));
      else this.#add(own, key, value);
    }
    return mappingNode(own, merged, start, end);
  }

  #locateKey(node: Node | null, start: number, depth: number): Key {
    const located = this.locate(node, depth + 1);
    const isText = located.children === undefined && node !== null;
    if (!isText) throw new NodeError("A key must be text.", node === null ? start : located.start);
    const text = isScalar(node) ? textOf(node) : printScalar(located.value);
    return { text, start: located.start, end: located.end, isPlain: located.isPlain };
  }

  /** A key without a value stands for null, and has its place right behind the key. */
  #locateValue(node: Node | null, key: Key, depth: number): LocatedNode {
    if (node !== null) return { ...this.locate(node, depth + 1), keyStart: key.start };
    return { value: null, start: key.end, end: key.end, keyStart: key.start, isPlain: true, size: 1 };
  }

  #add(own: Map<string, LocatedNode>, key: Key, value: LocatedNode): void {
    const first = own.get(key.text);
    if (first !== undefined) this.#onDuplicate(key.text, key.start, first.keyStart ?? first.start);
    own.set(key.text, value);
  }
}

interface Key {
  readonly text: string;
  readonly start: number;
  readonly end: number;
  readonly isPlain: boolean;
}

const STRING_TAG = "tag:yaml.org,2002:str";
const STANDARD_TAGS: ReadonlySet<string> = new Set(["tag:yaml.org,2002:map", "tag:yaml.org,2002:seq"]);

function locateScalar(scalar: Scalar, start: number, end: number): LocatedNode {
  if (scalar.tag !== undefined && scalar.tag !== STRING_TAG)
    throw new NodeError("YAML tags are not supported. Use quotes for text.", start);
  const text = textOf(scalar);
  const isPlain = scalar.type === Scalar.PLAIN && scalar.tag === undefined;
  return { value: isPlain ? resolvePlainScalar(text) : text, start, end, isPlain, size: 1 };
}

function printScalar(value: Json): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** Under the failsafe schema every scalar is text. */
function textOf(scalar: Scalar): string {
  return typeof scalar.value === "string" ? scalar.value : "";
}
