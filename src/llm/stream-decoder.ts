import type { JsonObject } from "../core/json.ts";
import type { ChatEvent, ChatStreamDecoder } from "./answer.ts";
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
    if (this.#isOver || text === "[DONE]") return;
    const event = parseObject(text);
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
