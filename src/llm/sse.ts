/** Larger events are not kept: nothing that gw reads from a stream is near this size. */
const MAX_EVENT_BYTES = 1 << 20;

/**
 * Reads server-sent events out of bytes that may be cut anywhere (WHATWG HTML, 9.2.6): `push` hands over the data of each event that
 * has become complete. An event that never ends with a blank line is dropped, as the standard says; of one that is too large `onTooLarge`
 * is told.
 */
export class SseScanner {
  readonly #onData: (data: string) => void;
  readonly #onTooLarge: (() => void) | undefined;
  #pending: Buffer = Buffer.alloc(0);
  #data: string[] = [];
  #mayFollowReturn = false;

  constructor(onData: (data: string) => void, onTooLarge?: () => void) {
    this.#onData = onData;
    this.#onTooLarge = onTooLarge;
  }

  push(chunk: Buffer): void {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let start = 0;
    for (;;) {
      // A line feed that belongs to the carriage return of the line before.
      if (this.#mayFollowReturn && start < bytes.length) {
        if (bytes[start] === LINE_FEED) start += 1;
        this.#mayFollowReturn = false;
      }
      const end = endOfLine(bytes, start);
      if (end === -1) break;
      this.#onLine(bytes.toString("utf8", start, end));
      this.#mayFollowReturn = bytes[end] === CARRIAGE_RETURN;
      start = end + 1;
    }
    const isTooLarge = bytes.length - start > MAX_EVENT_BYTES;
    this.#pending = isTooLarge ? Buffer.alloc(0) : bytes.subarray(start);
    if (isTooLarge) this.#onTooLarge?.();
  }

  #onLine(line: string): void {
    if (line === "") {
      const data = this.#data;
      this.#data = [];
      if (data.length > 0) this.#onData(data.join("\n"));
    } else if (line.startsWith("data:")) {
      this.#data.push(line.slice(line.startsWith("data: ") ? 6 : 5));
    } else if (line === "data") {
      this.#data.push("");
    }
  }
}

const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;

function endOfLine(bytes: Buffer, start: number): number {
  const feed = bytes.indexOf(LINE_FEED, start);
  const carriageReturn = bytes.subarray(start, feed === -1 ? bytes.length : feed).indexOf(CARRIAGE_RETURN);
  return carriageReturn === -1 ? feed : start + carriageReturn;
}

/**
 * How many of the bytes are whole lines. What follows may be half of an event: a relay that holds it back until its line is complete can
 * end a broken stream with an event of its own.
 */
export function wholeLines(chunk: Buffer): number {
  const last = chunk.length - 1;
  return chunk[last] === LINE_FEED ? chunk.length : chunk.lastIndexOf(LINE_FEED, last) + 1;
}
