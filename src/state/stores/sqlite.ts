import { statSync } from "node:fs";
import type Database from "libsql";
import { emptySnapshot } from "../snapshot.ts";
import type { StateStore } from "../store.ts";
import { openExisting, openOrCreate, translate } from "./sqlite-file.ts";
import { readHistory, readRevision, readSnapshot } from "./sqlite-rows.ts";
import { watchFile } from "./sqlite-watch.ts";
import { writeSnapshot } from "./sqlite-write.ts";

/** A store in one SQLite file. Nothing is opened or created until it is needed. `path` is absolute. */
export function openSqliteStore(path: string): StateStore {
  const connection = new Connection(path);
  return {
    read: async () => connection.use((database) => readSnapshot(database)) ?? emptySnapshot,
    write: async (next, revision, expectedSerial) =>
      connection.useForWriting((database) => writeSnapshot(database, path, next, revision, expectedSerial)),
    history: async () => connection.use((database) => readHistory(database)) ?? [],
    readRevision: async (serial) => connection.use((database) => readRevision(database, serial)),
    watch: (onChange) => watchFile(path, onChange),
    close: async () => connection.close(),
  };
}

/** One connection for as long as the path names the same file: a store that was replaced is opened again. */
class Connection {
  readonly #path: string;
  #open: { readonly database: Database.Database; readonly identity: string } | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  use<T>(work: (database: Database.Database) => T): T | undefined {
    return this.#guard(() => {
      const database = this.#current() ?? this.#keep(openExisting(this.#path));
      return database === undefined ? undefined : work(database);
    });
  }

  useForWriting<T>(work: (database: Database.Database) => T): T {
    return this.#guard(() => work(this.#current() ?? this.#keep(openOrCreate(this.#path))));
  }

  close(): void {
    this.#open?.database.close();
    this.#open = undefined;
  }

  #current(): Database.Database | undefined {
    if (this.#open?.identity === identityOf(this.#path)) return this.#open?.database;
    this.close();
    return undefined;
  }

  #keep<D extends Database.Database | undefined>(database: D): D {
    const identity = identityOf(this.#path);
    if (database !== undefined && identity !== undefined) this.#open = { database, identity };
    return database;
  }

  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      throw translate(this.#path, error);
    }
  }
}

/** Which file the path names now; undefined while there is none. */
function identityOf(path: string): string | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  return stats === undefined ? undefined : `${stats.dev}:${stats.ino}`;
}
