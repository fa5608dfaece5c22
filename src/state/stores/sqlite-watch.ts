import { statSync } from "node:fs";
import type Database from "libsql";
import { openExisting } from "./sqlite-file.ts";

const POLL_MS = 200;

/** What the last look saw. `version` is SQLite's data_version: it moves when another connection commits. */
interface Seen {
  readonly identity: string;
  readonly database: Database.Database;
  version: number;
}

/**
 * Calls back after another connection wrote to the file, or after the path got another file; a file that goes away is no news until one
 * appears again. Polls every 200 ms without keeping the process alive.
 */
export function watchFile(path: string, onChange: () => void): () => void {
  let seen = look(path);
  const timer = setInterval(() => {
    const before = seen;
    seen = look(path, before);
    if (seen !== undefined && (seen !== before || hasMoved(seen))) onChange();
  }, POLL_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    seen?.database.close();
    seen = undefined;
  };
}

/** The same `before` while the path names the same file. */
function look(path: string, before?: Seen): Seen | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  const identity = stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
  if (before !== undefined && before.identity === identity) return before;
  before?.database.close();
  if (identity === undefined) return undefined;
  try {
    const database = openExisting(path);
    return database === undefined ? undefined : { identity, database, version: dataVersion(database) ?? 0 };
  } catch {
    // Not a store yet, or not readable now: reading it says why, the next look tries again.
    return undefined;
  }
}

function hasMoved(seen: Seen): boolean {
  const version = dataVersion(seen.database) ?? seen.version;
  const moved = version !== seen.version;
  seen.version = version;
  return moved;
}

/** Undefined when the file cannot be read just now. */
function dataVersion(database: Database.Database): number | undefined {
  try {
    return (database.prepare("PRAGMA data_version").get() as { data_version: number }).data_version;
  } catch {
    return undefined;
  }
}
