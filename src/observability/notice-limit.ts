import type { Clock } from "../core/clock.ts";
import type { Notice } from "../core/notice.ts";

/** A code that goes on occurring is written once in this time. */
const WINDOW_MS = 1_000;

export interface NoticeLimit {
  readonly take: (notice: Notice) => void;
  readonly close: () => void;
}

interface Window {
  held: number;
  last: Notice;
  cancel: () => void;
}

/**
 * Hands on the first notice of a code at once, and those that follow within a second as one: the last of them, with their number. What
 * is held back when it is closed is handed on then.
 */
export function limitNotices(clock: Clock, write: (notice: Notice, count: number) => void): NoticeLimit {
  const windows = new Map<string, Window>();

  function open(notice: Notice): Window {
    return { held: 0, last: notice, cancel: clock.after(WINDOW_MS, () => expire(notice.code)) };
  }

  function expire(code: string): void {
    const window = windows.get(code);
    if (window === undefined) return;
    if (window.held === 0) {
      windows.delete(code);
      return;
    }
    write(window.last, window.held);
    windows.set(code, open(window.last));
  }

  return {
    take(notice) {
      const window = windows.get(notice.code);
      if (window === undefined) {
        windows.set(notice.code, open(notice));
        write(notice, 1);
        return;
      }
      window.held += 1;
      window.last = notice;
    },
    close() {
      for (const { held, last, cancel } of windows.values()) {
        cancel();
        if (held > 0) write(last, held);
      }
      windows.clear();
    },
  };
}
