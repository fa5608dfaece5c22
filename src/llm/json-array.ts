/** Larger elements are not kept: nothing that gw reads from a stream is near this size. */
const MAX_ELEMENT_BYTES = 1 << 20;

/**
 * Reads the objects of a JSON array out of bytes that may be cut anywhere: `push` hands over the text of each that has become complete. Of one
 * that is too large `onTooLarge` is told.
 */
export class JsonArrayScanner {
  readonly #onElement: (text: string) => void;
  readonly #onTooLarge: () => void;
  /** The beginning of an element. */
  #pending: Buffer = Buffer.alloc(0);
  /** 1 between elements. */
  #depth = 0;
  #isInText = false;
  #isEscaped = false;

  constructor(onElement: (text: string) => void, onTooLarge: () => void) {
    this.#onElement = onElement;
    this.#onTooLarge = onTooLarge;
  }

  push(chunk: Buffer): void {
    const bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    let start = 0;
    for (let at = this.#pending.length; at < bytes.length; at++) {
      const before = this.#depth;
      this.#read(bytes[at]);
      if (before === 1 && this.#depth === 2) start = at;
      if (before === 2 && this.#depth === 1) this.#onElement(bytes.toString("utf8", start, at + 1));
    }
    const isTooLarge = this.#depth > 1 && bytes.length - start > MAX_ELEMENT_BYTES;
    this.#pending = this.#depth <= 1 || isTooLarge ? Buffer.alloc(0) : bytes.subarray(start);
    if (isTooLarge) this.#onTooLarge();
  }

  #read(byte: number | undefined): void {
    if (this.#isEscaped) this.#isEscaped = false;
    else if (byte === QUOTE) this.#isInText = !this.#isInText;
    else if (this.#isInText) this.#isEscaped = byte === BACKSLASH;
    else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) this.#depth += 1;
    else if (byte === CLOSE_BRACE || byte === CLOSE_BRACKET) this.#depth -= 1;
  }
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
