import type { JsonObject } from "../core/json.ts";
import type { ChatEvent, ChatStreamDecoder } from "./answer.ts";
import { type EventStreamMessage, EventStreamScanner } from "./event-stream.ts";
import { JsonArrayScanner } from "./json-array.ts";
import { parseObject } from "./read-answer.ts";
import { SseScanner } from "./sse.ts";

/** What a provider's stream means, event by event. */
export interface ChatStreamReader {
  /** One event of the stream. */
  read(event: JsonObject): readonly ChatEvent[];
  /** After the last event, for streams that need no word of their own to be complete. */
  end?(): readonly ChatEvent[];
}

/** Server-sent events whose data are JSON objects. */
export function decodeSse(reader: ChatStreamReader): ChatStreamDecoder {
  const collector = new Collector(reader);
  const scanner = new SseScanner(
    (data) => collector.read(data),
    () => collector.fail(),
  );
  return decodeBy(scanner, collector);
}

/** The same objects, as server-sent events or as the elements of a JSON array. */
export function decodeSseOrArray(reader: ChatStreamReader): ChatStreamDecoder {
  const collector = new Collector(reader);
  const onObject = (text: string): void => collector.read(text);
  const onTooLarge = (): void => collector.fail();
  const open = (chunk: Buffer): Scanner | undefined => {
    const first = chunk.toString("latin1").trimStart().at(0);
    return first === undefined ? undefined : new (first === "[" ? JsonArrayScanner : SseScanner)(onObject, onTooLarge);
  };
  let scanner: Scanner | undefined;
  const push = (chunk: Buffer): void => {
    scanner ??= open(chunk);
    scanner?.push(chunk);
  };
  return decodeBy({ push }, collector);
}

/** AWS's event stream, read as its services describe it: a message is an object whose only member has the name of the event or exception. */
export function decodeEventStream(reader: ChatStreamReader): ChatStreamDecoder {
  const collector = new Collector(reader);
  const scanner = new EventStreamScanner(
    (message) => collector.readObject(unionOf(message)),
    () => collector.fail(),
  );
  return decodeBy(scanner, collector);
}

/** Errors that a service does not model have their text in headers. */
function unionOf({ headers, payload }: EventStreamMessage): JsonObject | undefined {
  const code = headers.get(":error-code");
  if (code !== undefined) return { [code]: { message: headers.get(":error-message") ?? "" } };
  const name = headers.get(":event-type") ?? headers.get(":exception-type");
  const value = payload.length === 0 ? {} : parseObject(payload);
  return name === undefined || value === undefined ? undefined : { [name]: value };
}

interface Scanner {
  push(chunk: Buffer): void;
}

function decodeBy(scanner: Scanner, collector: Collector): ChatStreamDecoder {
  return {
    push(chunk) {
      scanner.push(chunk);
      return collector.take();
    },
    end: () => collector.end(),
  };
}

/** Lines of JSON objects, the last of which may lack its line feed. */
export function decodeJsonLines(reader: ChatStreamReader): ChatStreamDecoder {
  const collector = new Collector(reader);
  let pending: Buffer = Buffer.alloc(0);
  const readLine = (line: Buffer): void => {
    const text = line.toString().trim();
    if (text !== "") collector.read(text);
  };
  return {
    push(chunk) {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      let start = 0;
      for (let end = pending.indexOf(0x0a); end !== -1; end = pending.indexOf(0x0a, start)) {
        readLine(pending.subarray(start, end));
        start = end + 1;
      }
      pending = pending.subarray(start);
      if (pending.length > MAX_LINE_BYTES) collector.fail();
      return collector.take();
    },
    end() {
      readLine(pending);
      pending = Buffer.alloc(0);
      return collector.end();
    },
  };
}

const MAX_LINE_BYTES = 1 << 20;

/** After `end` or `failed` nothing more is read. */
class Collector {
  readonly #reader: ChatStreamReader;
  #events: ChatEvent[] = [];
  #isOver = false;

  constructor(reader: ChatStreamReader) {
    this.#reader = reader;
  }

  read(text: string): void {
    if (text !== "[DONE]") this.readObject(parseObject(text));
  }

  /** undefined for what is no event. */
  readObject(event: JsonObject | undefined): void {
    if (this.#isOver) return;
    if (event === undefined) this.fail();
    else this.#add(this.#reader.read(event));
  }

  /** For what is no event at all, or too large for one. */
  fail(): void {
    const message = "The provider's stream holds an event that cannot be read.";
    if (!this.#isOver) this.#add([{ type: "failed", failure: { message, type: "server_error", code: null } }]);
  }

  end(): readonly ChatEvent[] {
    if (!this.#isOver) this.#add(this.#reader.end?.() ?? []);
    return this.take();
  }

  take(): readonly ChatEvent[] {
    const events = this.#events;
    this.#events = [];
    return events;
  }

  #add(events: readonly ChatEvent[]): void {
    this.#events.push(...events);
    this.#isOver ||= events.some(({ type }) => type === "end" || type === "failed");
  }
}
