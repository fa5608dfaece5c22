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
 * line: that would double the cost of one.
 */
export function openLogFile(fd: number, clock: Clock, blockLength = BLOCK_LENGTH): LogFile {
  const file = destination({ dest: fd, sync: false, maxWrite: blockLength });
  // A reader that has gone away (`gw serve | head`) is no reason to stop serving.
  file.on("error", () => {});
  let block = "";
  let cancel = (): void => {};

  const flush = (): void => {
    cancel();
    if (block !== "") file.write(block);
    block = "";
  };
  const write = (line: string): void => {
    if (block.length + line.length > blockLength) flush();
    if (block === "") cancel = clock.after(FLUSH_MS, flush);
    block += line;
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
