import {
  COLLECTION_STYLE,
  type Event,
  EVENT_ID,
  getScalarValue,
  type MappingEvent,
  parseEvents,
  SCALAR_STYLE,
  type ScalarEvent,
} from "js-yaml";
import { resolvePlainScalar } from "./plain-scalar.ts";

/** What a reader makes of the nodes of a document; offsets as in LocatedNode. */
export interface NodeMaker<Node> {
  scalar(value: string | number | boolean | null, start: number, end: number, isPlain: boolean): Node;
  list(items: readonly Node[], start: number): Node;
  /** `merged` is what the values of `<<` stand for, in order. */
  mapping(own: ReadonlyMap<string, Node>, merged: readonly Node[], start: number): Node;
  /** The node as the value of the key at `keyStart`. */
  underKey(node: Node, keyStart: number): Node;
  /** Mappings that `<<: node` brings in; throws NodeError when it stands for anything else. */
  mergeSources(node: Node): readonly Node[];
}

/**
 * The one document of `text`, read ten times as fast as `yaml` does, with the same values and offsets. Undefined for whatever is wrong,
 * rare, or read differently by the two libraries: that is left to `yaml`, whose word holds.
 */
export function readEvents<Node>(text: string, maker: NodeMaker<Node>): Node | undefined {
  if (isReadDifferently(text)) return undefined;
  try {
    return new EventReader(text, maker).read();
  } catch {
    return undefined;
  }
}

/** Says that the document is left to the other reader. */
class RareError extends Error {}

/** Line ends of old computers, byte order marks inside, tabs that indent, ends of documents, indented beginnings. */
function isReadDifferently(text: string): boolean {
  if (text.includes("\uFEFF") || (text.includes("\r") && /\r(?!\n)/.test(text))) return true;
  if (text.includes("\t") && /^[ -]*\t/m.test(text)) return true;
  return (text.includes("...") && /^\.\.\./m.test(text)) || (text.includes(" ---") && /^ +---/m.test(text));
}

const SPACE = 32;
/** Values of a document, counting what an alias stands for each time: far above any configuration. */
const MAX_VALUES = 2_000_000;

class EventReader<Node> {
  readonly #text: string;
  readonly #maker: NodeMaker<Node>;
  readonly #events: readonly Event[];
  readonly #anchors = new Map<string, { readonly node: Node; readonly values: number }>();
  #next = 0;
  #values = 0;

  constructor(text: string, maker: NodeMaker<Node>) {
    this.#text = text;
    this.#maker = maker;
    this.#events = parseEvents(text, {});
  }

  read(): Node {
    const document = this.#take();
    if (document.type !== EVENT_ID.DOCUMENT || document.explicitEnd || document.directives.length > 0)
      throw new RareError();
    const root = this.#read(this.#take(), -1);
    this.#take();
    if (this.#next < this.#events.length) throw new RareError();
    return root;
  }

  /** `keyEnd`: where the key ends whose value this is, in a block. */
  #read(event: Event, keyEnd: number): Node {
    this.#count(1);
    if (event.type === EVENT_ID.ALIAS) return this.#readAlias(event.anchorStart, event.anchorEnd);
    if (event.type === EVENT_ID.DOCUMENT || event.type === EVENT_ID.POP || event.tagStart >= 0) throw new RareError();
    const before = this.#values;
    const node =
      event.type === EVENT_ID.SCALAR
        ? this.#readScalar(event, keyEnd)
        : event.type === EVENT_ID.SEQUENCE
          ? this.#readList(event.start)
          : this.#readMapping(event);
    if (event.anchorStart >= 0) {
      const name = this.#text.slice(event.anchorStart, event.anchorEnd);
      this.#anchors.set(name, { node, values: this.#values - before });
    }
    return node;
  }

  #readAlias(start: number, end: number): Node {
    const anchored = this.#anchors.get(this.#text.slice(start, end));
    if (anchored === undefined) throw new RareError();
    this.#count(anchored.values);
    return anchored.node;
  }

  #count(values: number): void {
    this.#values += values;
    if (this.#values > MAX_VALUES) throw new RareError();
  }

  #readList(start: number): Node {
    const items: Node[] = [];
    for (let event = this.#take(); event.type !== EVENT_ID.POP; event = this.#take()) items.push(this.#read(event, -1));
    return this.#maker.list(items, start);
  }

  #readMapping({ start, style }: MappingEvent): Node {
    const maker = this.#maker;
    const own = new Map<string, Node>();
    const merged: Node[] = [];
    for (let event = this.#take(); event.type !== EVENT_ID.POP; event = this.#take()) {
      const key = this.#keyOf(event);
      const [keyStart, keyEnd] = rangeOf(key);
      const name = getScalarValue(this.#text, key);
      const value = maker.underKey(this.#read(this.#take(), style === COLLECTION_STYLE.BLOCK ? keyEnd : -1), keyStart);
      if (name === "<<" && key.style === SCALAR_STYLE.PLAIN) merged.push(...maker.mergeSources(value));
      else {
        if (own.has(name)) throw new RareError();
        own.set(name, value);
      }
    }
    return maker.mapping(own, merged, start);
  }

  #keyOf(event: Event): ScalarEvent {
    if (event.type !== EVENT_ID.SCALAR || event.tagStart >= 0 || event.anchorStart >= 0 || event.valueStart < 0)
      throw new RareError();
    if (event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK) throw new RareError();
    return event;
  }

  #readScalar(event: ScalarEvent, keyEnd: number): Node {
    if (event.valueStart < 0) return this.#readEmpty(event, keyEnd);
    const text = getScalarValue(this.#text, event);
    const isPlain = event.style === SCALAR_STYLE.PLAIN;
    const isBlock = event.style === SCALAR_STYLE.LITERAL_BLOCK || event.style === SCALAR_STYLE.FOLDED_BLOCK;
    const [start, end] = rangeOf(event);
    return this.#maker.scalar(
      isPlain ? resolvePlainScalar(text) : text,
      isBlock ? this.#blockStart(keyEnd) : start,
      end,
      isPlain,
    );
  }

  /** A value that is left out has its place where it would begin. */
  #readEmpty(event: ScalarEvent, keyEnd: number): Node {
    const place = this.#behindColon(keyEnd);
    if (event.anchorStart >= 0 || this.#text.charAt(place) === "\t") throw new RareError();
    return this.#maker.scalar(null, place, place, true);
  }

  /** Of a block scalar js-yaml knows where its text begins, but not its `|` or `>`. */
  #blockStart(keyEnd: number): number {
    const place = this.#behindColon(keyEnd);
    const character = this.#text.charAt(place);
    if (character !== "|" && character !== ">") throw new RareError();
    return place;
  }

  #behindColon(keyEnd: number): number {
    const colon = keyEnd < 0 ? -1 : this.#skipSpaces(keyEnd);
    if (this.#text.charAt(colon) !== ":") throw new RareError();
    return this.#skipSpaces(colon + 1);
  }

  #skipSpaces(position: number): number {
    let end = position;
    while (this.#text.charCodeAt(end) === SPACE) end += 1;
    return end;
  }

  #take(): Event {
    const event = this.#events[this.#next];
    if (event === undefined) throw new RareError();
    this.#next += 1;
    return event;
  }
}

/** With the quotes, of what is quoted. */
function rangeOf({ style, valueStart, valueEnd }: ScalarEvent): readonly [start: number, end: number] {
  const isQuoted = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED;
  return isQuoted ? [valueStart - 1, valueEnd + 1] : [valueStart, valueEnd];
}
