import type Database from "libsql";
import { kinds } from "../../config/kinds.ts";
import type { GatewayConfig, Origins } from "../../config/types.ts";
import { StateError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { bodiesOf, idOf } from "../resources.ts";
import { emptySnapshot } from "../snapshot.ts";
import type { Revision, Snapshot } from "../store.ts";
import { inTransaction } from "./sqlite-file.ts";

/** What was last written, seen at one moment. */
export function readSnapshot(database: Database.Database): Snapshot {
  return inReadTransaction(database, () => {
    const row = database.prepare("SELECT serial, origins, unavailable_plugins FROM snapshot").get();
    if (row === undefined) return emptySnapshot;
    const { serial, origins, unavailable_plugins } = row as {
      serial: number;
      origins: string;
      unavailable_plugins: string;
    };
    return {
      serial,
      config: readConfig(database),
      origins: parse(origins) as Origins,
      unavailablePlugins: parse(unavailable_plugins) as readonly string[],
    };
  });
}

/** One view of the file for several statements. */
function inReadTransaction<T>(database: Database.Database, work: () => T): T {
  database.exec("BEGIN");
  try {
    return work();
  } finally {
    if (database.inTransaction) database.exec("ROLLBACK");
  }
}

function readConfig(database: Database.Database): GatewayConfig {
  const rows = database.prepare("SELECT collection, body FROM entity ORDER BY position").all() as readonly EntityRow[];
  const lists = new Map<string, JsonObject[]>(kinds.map(({ collection }) => [collection, []]));
  for (const { collection, body } of rows) lists.get(collection)?.push(parse(body) as JsonObject);
  return Object.fromEntries(lists) as unknown as GatewayConfig;
}

interface EntityRow {
  readonly collection: string;
  readonly body: string;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new StateError(
      "GW_STATE_CORRUPT",
      "The store holds a value that is not JSON. Delete the store and sync again.",
    );
  }
}

/** One transaction: entities, facts and history together or not at all. Throws GW_STATE_CONFLICT when the store is not at `expectedSerial`. */
export function writeSnapshot(
  database: Database.Database,
  path: string,
  next: Omit<Snapshot, "serial">,
  revision: Omit<Revision, "serial">,
  expectedSerial: number,
): number {
  const serial = inTransaction(database, () => {
    refuseStale(database, path, expectedSerial);
    database.exec("DELETE FROM snapshot; DELETE FROM entity;");
    insertEntities(database, next.config);
    database
      .prepare("INSERT INTO snapshot (serial, origins, unavailable_plugins) VALUES (?, ?, ?)")
      .run(expectedSerial + 1, JSON.stringify(next.origins), JSON.stringify(next.unavailablePlugins));
    insertRevision(database, { ...revision, serial: expectedSerial + 1 });
    return expectedSerial + 1;
  });
  checkpoint(database);
  return serial;
}

/** The main file alone is then complete and can be copied. What is committed is safe without it. */
function checkpoint(database: Database.Database): void {
  try {
    database.exec("PRAGMA wal_checkpoint(PASSIVE)");
  } catch {
    // The next write tries again.
  }
}

function refuseStale(database: Database.Database, path: string, expectedSerial: number): void {
  const row = database.prepare("SELECT serial FROM snapshot").get() as { serial: number } | undefined;
  const serial = row?.serial ?? 0;
  if (serial === expectedSerial) return;
  throw new StateError(
    "GW_STATE_CONFLICT",
    `The store ${path} changed meanwhile (it is at serial ${serial}, not ${expectedSerial}); nothing was written. Run the command again.`,
    { details: { serial, expected: expectedSerial } },
  );
}

function insertEntities(database: Database.Database, config: GatewayConfig): void {
  const insert = database.prepare("INSERT INTO entity (collection, id, body) VALUES (?, ?, ?)");
  for (const { collection } of kinds) {
    for (const body of bodiesOf(config, collection)) insert.run(collection, idOf(body), JSON.stringify(body));
  }
}

function insertRevision(database: Database.Database, revision: Revision): void {
  const { created, updated, deleted } = revision.summary;
  database
    .prepare("INSERT INTO revision (serial, at, who, files, created, updated, deleted) VALUES (?, ?, ?, ?, ?, ?, ?)")
    .run(revision.serial, revision.at, revision.who, JSON.stringify(revision.files), created, updated, deleted);
}

interface RevisionRow {
  readonly serial: number;
  readonly at: string;
  readonly who: string;
  readonly files: string;
  readonly created: number;
  readonly updated: number;
  readonly deleted: number;
}

/** Oldest first. */
export function readHistory(database: Database.Database): readonly Revision[] {
  const rows = database.prepare("SELECT * FROM revision ORDER BY serial").all() as readonly RevisionRow[];
  return rows.map(({ serial, at, who, files, created, updated, deleted }) => ({
    serial,
    at,
    who,
    files: parse(files) as readonly string[],
    summary: { created, updated, deleted },
  }));
}
