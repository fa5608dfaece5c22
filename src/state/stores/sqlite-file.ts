import { closeSync, mkdirSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import Database from "libsql";
import { GwError, StateError, toError } from "../../core/errors.ts";
import { APPLICATION_ID, createTables, migrate, VERSION } from "./sqlite-schema.ts";

const MAGIC = "SQLite format 3\0";
/** https://www.sqlite.org/fileformat2.html#the_database_header */
const HEADER_BYTES = 100;
const USER_VERSION_AT = 60;
const APPLICATION_ID_AT = 68;
const BUSY_TIMEOUT_MS = 2000;

/**
 * Opens an existing store, or answers undefined where nothing was ever written: no file, or an empty one. Throws StateError for a file
 * that is not a store or is newer than this program, which it does not touch. An older one is migrated.
 */
export function openExisting(path: string): Database.Database | undefined {
  if (!looksLikeStore(path)) return undefined;
  const database = connect(path);
  try {
    if (isBlank(database)) return closed(database);
    bringUpToDate(path, database);
    return database;
  } catch (error) {
    closed(database);
    throw translate(path, error);
  }
}

/** Opens the store for writing, creating the file (0600) and its folder (0700) where they are missing. */
export function openOrCreate(path: string): Database.Database {
  if (!looksLikeStore(path)) createEmptyFile(path);
  const database = connect(path);
  try {
    inTransaction(database, () => {
      if (isBlank(database)) createTables(database);
    });
    bringUpToDate(path, database);
    useWriteAheadLog(database);
    return database;
  } catch (error) {
    closed(database);
    throw translate(path, error);
  }
}

/** A store of an older gw is migrated by whoever opens it first, in one transaction. */
function bringUpToDate(path: string, database: Database.Database): void {
  checkHeader(path, numberOf(database, "application_id"), numberOf(database, "user_version"));
  if (numberOf(database, "user_version") === VERSION) return;
  inTransaction(database, () => migrate(database, numberOf(database, "user_version")));
}

/** Readers then never wait for a writer. Two processes that create the store at once get in each other's way here; the loser goes on without. */
function useWriteAheadLog(database: Database.Database): void {
  try {
    database.exec("PRAGMA journal_mode = WAL");
  } catch (error) {
    if (!isBusy(error)) throw error;
  }
}

/** Runs `work` between BEGIN IMMEDIATE and COMMIT; whatever it throws rolls everything back. */
export function inTransaction<T>(database: Database.Database, work: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = work();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    if (database.inTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

/** An error of SQLite or of the file system as a StateError that says what to do. */
export function translate(path: string, thrown: unknown): GwError {
  if (thrown instanceof GwError) return thrown;
  const cause = toError(thrown);
  const code = "code" in cause ? String(cause.code) : "";
  if (isBusy(cause)) {
    return new StateError("GW_STATE_LOCKED", `Another process is writing to the store ${path}. Try again.`, { cause });
  }
  if (code.startsWith("SQLITE_CORRUPT") || code.startsWith("SQLITE_NOTADB") || cause instanceof SyntaxError) {
    return new StateError(
      "GW_STATE_CORRUPT",
      `The store ${path} is damaged (${cause.message}). Restore it, or delete it and sync again.`,
      { cause },
    );
  }
  return new StateError(
    "GW_STATE_UNREACHABLE",
    `Cannot use the store ${path}: ${cause.message}. Check that the file and its folder are readable and writable and that the disk is not full.`,
    { cause },
  );
}

function isBusy(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return code.startsWith("SQLITE_BUSY") || code.startsWith("SQLITE_LOCKED");
}

function looksLikeStore(path: string): boolean {
  const header = readHeader(path);
  if (header === undefined || header.length === 0) return false;
  if (header.length < HEADER_BYTES || header.toString("latin1", 0, MAGIC.length) !== MAGIC) throw foreign(path);
  checkHeader(path, header.readUInt32BE(APPLICATION_ID_AT), header.readUInt32BE(USER_VERSION_AT));
  return true;
}

function readHeader(path: string): Buffer | undefined {
  try {
    const descriptor = openToStay(path);
    if (descriptor === undefined) return undefined;
    const header = Buffer.alloc(HEADER_BYTES);
    return header.subarray(0, readSync(descriptor, header, 0, HEADER_BYTES, 0));
  } catch (error) {
    throw translate(path, error);
  }
}

/** By device and inode: one for each store of this process. */
const descriptors = new Map<string, number>();

/**
 * Never closed: to close any descriptor of a file drops every lock that this process has on it (https://sqlite.org/howtocorrupt.html, 2.2).
 * The next writer would take itself for the only one and remove the log that this process goes on reading. Undefined where no file is.
 */
function openToStay(path: string): number | undefined {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  if (!stats.isFile()) throw foreign(path);
  const identity = `${stats.dev}:${stats.ino}`;
  const descriptor = descriptors.get(identity) ?? openSync(path, "r");
  descriptors.set(identity, descriptor);
  return descriptor;
}

function checkHeader(path: string, applicationId: number, version: number): void {
  if (applicationId !== APPLICATION_ID) throw foreign(path);
  if (version > VERSION) {
    throw new StateError(
      "GW_STATE_TOO_NEW",
      `The store ${path} was written by a newer gw (format ${version}, this gw knows ${VERSION}). Update gw, or name another store with --store.`,
    );
  }
}

function foreign(path: string): StateError {
  return new StateError(
    "GW_STATE_CORRUPT",
    `${path} is not a gw store; it was left as it is. Name another file with --store or GW_STORE.`,
  );
}

function createEmptyFile(path: string): void {
  try {
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    closeSync(openSync(path, "a", 0o600));
  } catch (error) {
    throw translate(path, error);
  }
}

function connect(path: string): Database.Database {
  try {
    const database = new Database(path);
    database.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}; PRAGMA synchronous = FULL;`);
    return database;
  } catch (error) {
    throw translate(path, error);
  }
}

/** Made by a process that was killed before its first commit, or by `touch`. */
function isBlank(database: Database.Database): boolean {
  return numberOf(database, "application_id") === 0 && numberOf(database, "schema_version") === 0;
}

function numberOf(database: Database.Database, pragma: string): number {
  const row = database.prepare(`PRAGMA ${pragma}`).get() as Readonly<Record<string, number>>;
  return Number(row[pragma]);
}

function closed(database: Database.Database): undefined {
  database.close();
  return undefined;
}
