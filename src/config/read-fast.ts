import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { listNode, type LocatedNode, mappingNode, mergeSources, NodeError } from "./located-node.ts";
import { type NodeMaker, readEvents } from "./read-events.ts";

/** The values alone, which is all that a file without problems needs. Undefined as readEvents. */
export function readValues(text: string): Json | undefined {
  return readEvents(text, values);
}

/** The values with their offsets. Undefined as readEvents. */
export function readLocated(text: string): LocatedNode | undefined {
  return readEvents(text, locatedNodes);
}

const values: NodeMaker<Json> = {
  scalar: (value) => value,
  list: (items) => items,
  mapping(own, merged) {
    if (merged.length > 0 || own.has("__proto__"))
      return fromEntries([...merged.toReversed().flatMap(entriesOf), ...own]);
    const value: Record<string, Json> = {};
    for (const [key, member] of own) value[key] = member;
    return value;
  },
  underKey: (value) => value,
  mergeSources(value) {
    if (isJsonObject(value)) return [value];
    if (Array.isArray(value) && value.every(isJsonObject)) return value;
    throw new NodeError("Only mappings can be merged.", 0);
  },
};

const locatedNodes: NodeMaker<LocatedNode> = {
  scalar: (value, start, end, isPlain) => ({ value, start, end, isPlain, size: 1 }),
  list: (items, start) => listNode(items, start, items.at(-1)?.end ?? start),
  mapping: (own, merged, start) => mappingNode(own, merged, start, [...own.values()].at(-1)?.end ?? start),
  underKey: (node, keyStart) => ({ ...node, keyStart }),
  mergeSources,
};

function entriesOf(value: Json): readonly (readonly [string, Json])[] {
  return Object.entries(value as JsonObject);
}

/** Unlike assignments it keeps a key such as `__proto__`. */
function fromEntries(entries: readonly (readonly [string, Json])[]): Json {
  return Object.fromEntries(entries);
}
