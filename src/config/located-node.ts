import type { Json } from "../core/json.ts";

/** A YAML node as plain data, aliases and merge keys resolved, with its offsets in the text. */
export interface LocatedNode {
  readonly value: Json;
  readonly start: number;
  readonly end: number;
  readonly keyStart?: number;
  readonly isPlain: boolean;
  /** Values below this one, itself included, counting what an alias stands for each time. */
  readonly size: number;
  readonly children?: Children;
}

/** Of a list in order, of a mapping by key. */
export type Children = readonly LocatedNode[] | ReadonlyMap<string, LocatedNode>;

/** The value below `node` that one part of a path leads to. */
export function childOf(node: LocatedNode, part: string | number): LocatedNode | undefined {
  const { children } = node;
  if (children === undefined) return undefined;
  return isList(children) ? children[Number(part)] : children.get(String(part));
}

/** YAML that is well-formed and cannot be used. */
export class NodeError extends Error {
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** Far above any configuration; a few lines of nested aliases can stand for billions of values. */
const MAX_SIZE = 2_000_000;

/** What `<<: value` brings in. Throws NodeError. */
export function mergeSources(value: LocatedNode): readonly LocatedNode[] {
  const { children } = value;
  if (children !== undefined && !isList(children)) return [value];
  if (children?.every((item) => item.children !== undefined && !isList(item.children)) === true) return children;
  throw new NodeError("What is merged by << must be a mapping, or a list of mappings.", value.start);
}

/** Throws NodeError for more values than a configuration has. */
export function listNode(items: readonly LocatedNode[], start: number, end: number): LocatedNode {
  return {
    value: items.map((item) => item.value),
    start,
    end,
    isPlain: false,
    size: sizeOf(items, start),
    children: items,
  };
}

/** Own keys win over merged ones, earlier merges over later ones. Throws NodeError for more values than a configuration has. */
export function mappingNode(
  own: ReadonlyMap<string, LocatedNode>,
  merged: readonly LocatedNode[],
  start: number,
  end: number,
): LocatedNode {
  const children = merged.length === 0 ? own : new Map([...merged.toReversed().flatMap(entriesOf), ...own]);
  return { value: valueOf(children), start, end, isPlain: false, size: sizeOf(children.values(), start), children };
}

function entriesOf({ children }: LocatedNode): readonly (readonly [string, LocatedNode])[] {
  return children === undefined || isList(children) ? [] : [...children];
}

function valueOf(children: ReadonlyMap<string, LocatedNode>): Json {
  if (children.has("__proto__")) return Object.fromEntries([...children].map(([key, { value }]) => [key, value]));
  const value: Record<string, Json> = {};
  for (const [key, child] of children) value[key] = child.value;
  return value;
}

function sizeOf(children: Iterable<LocatedNode>, start: number): number {
  let size = 1;
  for (const child of children) size += child.size;
  if (size > MAX_SIZE)
    throw new NodeError(`Aliases make more than ${MAX_SIZE.toLocaleString("en")} values of this.`, start);
  return size;
}

function isList(children: Children): children is readonly LocatedNode[] {
  return Array.isArray(children);
}
