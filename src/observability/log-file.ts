import { type DestinationStream, destination } from "pino";
import type { Clock } from "../core/clock.ts";

export interface LogFile {
  readonly stream: DestinationStream;
  /** Writes what is held back. */
  close(): void;
}

/** Lines are collected to about this size, and written at least every FLUSH_MS. */
export const BLOCK_LENGTH = 32_768;
/** A pipe takes this much in one piece (POSIX, PIPE_BUF on Linux): the lines of several writers do not mix. */
export const SHARED_BLOCK_LENGTH = 4_096;
const FLUSH_MS = 100;

/**
 * Writes lines to a file descriptor in blocks, off the main thread. Collected here and not by pino's destination, which looks at every
 * line: that would double the cost of one. A line becomes bytes at once: pino makes it of some forty pieces, and pieces that wait for
 * their block are what a garbage collector has most work with.
 */
export function openLogFile(fd: number, clock: Clock, blockLength = BLOCK_LENGTH): LogFile {
  const file = destination({ dest: fd, sync: false, maxWrite: blockLength, contentMode: "buffer" });
  // A reader that has gone away (`gw serve | head`) is no reason to stop serving.
  file.on("error", () => {});
  const block = Buffer.allocUnsafe(blockLength);
  let length = 0;
  let cancel = (): void => {};

  // pino's types know its destinations for text only.
  const hand = (bytes: Buffer): boolean => file.write(bytes as unknown as string);
  const flush = (): void => {
    cancel();
    if (length > 0) hand(Buffer.from(block.subarray(0, length)));
    length = 0;
  };
  const write = (line: string): void => {
    // No UTF-16 unit takes more than three bytes.
    const mostBytes = 3 * line.length;
    if (length + mostBytes > blockLength) flush();
    if (mostBytes > blockLength) hand(Buffer.from(line));
    else {
      if (length === 0) cancel = clock.after(FLUSH_MS, flush);
      length += block.write(line, length);
    }
  };
  const close = (): void => {
    flush();
    try {
      file.flushSync();
    } catch {
      // The reader has gone away.
    }
  };
  return { stream: { write }, close };
}
