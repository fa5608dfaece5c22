/** A change of one top-level member: its new value as JSON text, or undefined to remove it. */
export interface MemberEdit {
  readonly name: string;
  readonly json: string | undefined;
}

/**
 * Sets and removes top-level members of a JSON object in its bytes, without writing the rest again: what gw does not know stays as the
 * client wrote it, to the last digit and space. `bytes` must be an object that `JSON.parse` accepts; the result parses to the same value
 * as parse, edit and stringify would give. A member that occurs twice is changed in both places, so that no two readers of the result see
 * different values. Each name is edited at most once.
 */
export function spliceMembers(bytes: Buffer, edits: readonly MemberEdit[]): Buffer {
  return edits.length === 0 ? bytes : writeChanges(bytes, planChanges(bytes, edits));
}

/** The bytes from `start` to before `end` become `text`. */
interface Change {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;

/** One pass over the members. Each of them but the first has exactly one comma between itself and its predecessor's end. */
function planChanges(bytes: Buffer, edits: readonly MemberEdit[]): Change[] {
  const changes: Change[] = [];
  const found: MemberEdit[] = [];
  let isAnyKept = false;
  let previousEnd = 0;
  let start = skipSpace(bytes, skipSpace(bytes, 0) + 1);
  while (bytes[start] !== CLOSE_BRACE) {
    const keyEnd = endOfString(bytes, start);
    const valueStart = skipSpace(bytes, skipSpace(bytes, keyEnd) + 1);
    const end = endOfValue(bytes, valueStart);
    const comma = skipSpace(bytes, end);
    const next = bytes[comma] === COMMA ? skipSpace(bytes, comma + 1) : comma;
    const edit = editOf(bytes, start + 1, keyEnd - 1, edits);
    if (edit !== undefined) {
      found.push(edit);
      if (edit.json !== undefined) changes.push({ start: valueStart, end, text: edit.json });
      else changes.push(isAnyKept ? { start: previousEnd, end, text: "" } : { start, end: next, text: "" });
    }
    isAnyKept ||= edit?.json !== undefined || edit === undefined;
    previousEnd = end;
    start = next;
  }
  const added = edits.filter((edit) => edit.json !== undefined && !found.includes(edit));
  if (added.length > 0) changes.push({ start, end: start, text: `${isAnyKept ? "," : ""}${membersText(added)}` });
  return changes;
}

function membersText(edits: readonly MemberEdit[]): string {
  return edits.map(({ name, json }) => `${JSON.stringify(name)}:${json}`).join(",");
}

function writeChanges(bytes: Buffer, changes: readonly Change[]): Buffer {
  let length = bytes.length;
  for (const change of changes) length += Buffer.byteLength(change.text) - (change.end - change.start);
  const result = Buffer.allocUnsafe(length);
  let from = 0;
  let to = 0;
  for (const change of changes) {
    to += bytes.copy(result, to, from, change.start);
    to += result.write(change.text, to);
    from = change.end;
  }
  bytes.copy(result, to, from);
  return result;
}

function editOf(bytes: Buffer, start: number, end: number, edits: readonly MemberEdit[]): MemberEdit | undefined {
  for (const edit of edits) if (edit.name.length === end - start && isText(bytes, start, edit.name)) return edit;
  if (isPlainAscii(bytes, start, end)) return undefined;
  const name: unknown = JSON.parse(bytes.toString("utf8", start - 1, end + 1));
  return edits.find((edit) => edit.name === name);
}

function isText(bytes: Buffer, start: number, text: string): boolean {
  for (let index = 0; index < text.length; index++) if (bytes[start + index] !== text.charCodeAt(index)) return false;
  return true;
}

function isPlainAscii(bytes: Buffer, start: number, end: number): boolean {
  for (let index = start; index < end; index++) {
    const byte = bytes[index];
    if (byte === undefined || byte === BACKSLASH || byte > 0x7f) return false;
  }
  return true;
}

function skipSpace(bytes: Buffer, start: number): number {
  let at = start;
  let byte = bytes[at];
  while (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) byte = bytes[++at];
  return at;
}

/** Short strings are read byte by byte; long ones by the native search, which is worth its call from about here. */
const NATIVE_SEARCH_FROM = 32;

/** `start` is the opening quote; the result is the offset behind the closing one. */
function endOfString(bytes: Buffer, start: number): number {
  const near = Math.min(start + NATIVE_SEARCH_FROM, bytes.length);
  for (let at = start + 1; at < near; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) return at + 1;
    if (byte === BACKSLASH) return endOfLongString(bytes, at);
  }
  return endOfLongString(bytes, near);
}

/** `from` is inside the string and not behind a backslash that escapes it. */
function endOfLongString(bytes: Buffer, from: number): number {
  let start = from;
  for (;;) {
    const quote = bytes.indexOf(QUOTE, start);
    if (!isEscaped(bytes, start, quote)) return quote + 1;
    start = quote + 1;
  }
}

/** A quote is escaped by an odd number of backslashes before it. */
function isEscaped(bytes: Buffer, from: number, quote: number): boolean {
  let at = quote;
  while (at > from && bytes[at - 1] === BACKSLASH) at -= 1;
  return (quote - at) % 2 === 1;
}

function endOfValue(bytes: Buffer, start: number): number {
  const first = bytes[start];
  if (first === QUOTE) return endOfString(bytes, start);
  return first === OPEN_BRACE || first === OPEN_BRACKET ? endOfNested(bytes, start) : endOfWord(bytes, start);
}

function endOfNested(bytes: Buffer, start: number): number {
  let depth = 0;
  let at = start;
  for (;;) {
    const byte = bytes[at];
    if (byte === QUOTE) at = endOfString(bytes, at);
    else {
      at += 1;
      if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth += 1;
      else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth === 0) return at;
    }
  }
}

/** A number, `true`, `false` or `null`: up to space, comma or brace. */
function endOfWord(bytes: Buffer, start: number): number {
  let at = start;
  for (;;) {
    const byte = bytes[at];
    if (byte === undefined || byte <= 0x20 || byte === COMMA || byte === CLOSE_BRACE) return at;
    at += 1;
  }
}
