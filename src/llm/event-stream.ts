import { crc32 } from "node:zlib";

/** One message of AWS's event stream. */
export interface EventStreamMessage {
  /** Those with text values, of which services make use: `:message-type`, `:event-type`, `:exception-type`, … */
  readonly headers: ReadonlyMap<string, string>;
  readonly payload: Buffer;
}

/** Larger messages are not kept: nothing that a model streams is near this size. */
const MAX_MESSAGE_BYTES = 1 << 20;
/** Total length, length of the headers, checksum of both. */
const PRELUDE_BYTES = 12;
const CHECKSUM_BYTES = 4;

/**
 * Reads AWS's binary event stream (https://smithy.io/2.0/aws/amazon-eventstream.html) out of bytes that may be cut anywhere. Of what is no
 * message (a wrong checksum, a length that cannot be) `onBroken` is told once, and nothing is read after it.
 */
export class EventStreamScanner {
  readonly #onMessage: (message: EventStreamMessage) => void;
  readonly #onBroken: () => void;
  #pending: Buffer = Buffer.alloc(0);
  #isBroken = false;

  constructor(onMessage: (message: EventStreamMessage) => void, onBroken: () => void) {
    this.#onMessage = onMessage;
    this.#onBroken = onBroken;
  }

  push(chunk: Buffer): void {
    if (this.#isBroken) return;
    let bytes = this.#pending.length === 0 ? chunk : Buffer.concat([this.#pending, chunk]);
    for (let length = messageLength(bytes); length !== undefined; length = messageLength(bytes)) {
      const message = length === 0 ? undefined : readMessage(bytes.subarray(0, length));
      if (message === undefined) return this.#break();
      this.#onMessage(message);
      bytes = bytes.subarray(length);
    }
    this.#pending = bytes;
  }

  #break(): void {
    this.#isBroken = true;
    this.#pending = Buffer.alloc(0);
    this.#onBroken();
  }
}

/** Of the first message; undefined until all of it is there, 0 when it is none. */
function messageLength(bytes: Buffer): number | undefined {
  if (bytes.length < PRELUDE_BYTES) return undefined;
  const total = bytes.readUInt32BE(0);
  const headers = bytes.readUInt32BE(4);
  const isSound =
    total <= MAX_MESSAGE_BYTES &&
    total >= PRELUDE_BYTES + headers + CHECKSUM_BYTES &&
    bytes.readUInt32BE(8) === crc32(bytes.subarray(0, 8));
  if (!isSound) return 0;
  return bytes.length < total ? undefined : total;
}

function readMessage(bytes: Buffer): EventStreamMessage | undefined {
  const end = bytes.length - CHECKSUM_BYTES;
  if (bytes.readUInt32BE(end) !== crc32(bytes.subarray(0, end))) return undefined;
  const payloadAt = PRELUDE_BYTES + bytes.readUInt32BE(4);
  const headers = readHeaders(bytes.subarray(PRELUDE_BYTES, payloadAt));
  return headers && { headers, payload: bytes.subarray(payloadAt, end) };
}

/** undefined when they are cut short, or of a type that there is not. */
function readHeaders(bytes: Buffer): ReadonlyMap<string, string> | undefined {
  const headers = new Map<string, string>();
  let at = 0;
  while (at < bytes.length) {
    const nameEnd = at + 1 + (bytes[at] ?? 0);
    const type = bytes[nameEnd];
    const value = nameEnd + 1;
    const end = valueEnd(bytes, type, value);
    if (end === undefined || end > bytes.length) return undefined;
    if (type === TEXT) headers.set(bytes.toString("utf8", at + 1, nameEnd), bytes.toString("utf8", value + 2, end));
    at = end;
  }
  return headers;
}

const TEXT = 7;
const BYTES = 6;
/** By type: true, false, byte, short, integer, long; timestamp, UUID. */
const fixedSizes: ReadonlyMap<number, number> = new Map([
  [0, 0],
  [1, 0],
  [2, 1],
  [3, 2],
  [4, 4],
  [5, 8],
  [8, 8],
  [9, 16],
]);

function valueEnd(bytes: Buffer, type: number | undefined, at: number): number | undefined {
  if (type === undefined) return undefined;
  if (type === TEXT || type === BYTES) return at + 2 <= bytes.length ? at + 2 + bytes.readUInt16BE(at) : undefined;
  const size = fixedSizes.get(type);
  return size === undefined ? undefined : at + size;
}
