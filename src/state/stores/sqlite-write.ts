import type Database from "libsql";
import { kinds } from "../../config/kinds.ts";
import type { GatewayConfig } from "../../config/types.ts";
import { StateError } from "../../core/errors.ts";
import { bodiesOf, idOf } from "../resources.ts";
import { KEPT_REVISIONS, type Revision, type Snapshot } from "../store.ts";
import { inTransaction } from "./sqlite-file.ts";
import { presentSerial } from "./sqlite-rows.ts";

/** One transaction: entities, facts and history together or not at all. Throws GW_STATE_CONFLICT when the store is not at `expectedSerial`. */
export function writeSnapshot(
  database: Database.Database,
  path: string,
  next: Omit<Snapshot, "serial">,
  revision: Omit<Revision, "serial">,
  expectedSerial: number,
): number {
  const serial = inTransaction(database, () => {
    refuseStale(path, presentSerial(database), expectedSerial);
    const serial = expectedSerial + 1;
    replaceEntities(database, next.config, serial);
    insertRevision(database, { ...revision, serial }, next);
    forgetOld(database, serial);
    return serial;
  });
  checkpoint(database);
  return serial;
}

function refuseStale(path: string, serial: number, expected: number): void {
  if (serial === expected) return;
  throw new StateError(
    "GW_STATE_CONFLICT",
    `The store ${path} changed meanwhile (it is at serial ${serial}, not ${expected}); nothing was written. Run the command again.`,
    { details: { serial, expected } },
  );
}

interface PresentRow {
  readonly rowid: number;
  readonly collection: string;
  readonly id: string;
  readonly body: string;
}

/** Writes only what differs: what is the same lives on. */
function replaceEntities(database: Database.Database, config: GatewayConfig, serial: number): void {
  const rows = database
    .prepare("SELECT rowid, collection, id, body FROM entity WHERE until IS NULL")
    .all() as readonly PresentRow[];
  const present = new Map(rows.map((row) => [`${row.collection} ${row.id}`, row]));
  const end = database.prepare("UPDATE entity SET until = ? WHERE rowid = ?");
  const insert = database.prepare("INSERT INTO entity (collection, id, body, since) VALUES (?, ?, ?, ?)");
  for (const { collection } of kinds) {
    for (const entity of bodiesOf(config, collection)) {
      const id = idOf(entity);
      const body = JSON.stringify(entity);
      const row = present.get(`${collection} ${id}`);
      present.delete(`${collection} ${id}`);
      if (row?.body === body) continue;
      if (row !== undefined) end.run(serial, row.rowid);
      insert.run(collection, id, body, serial);
    }
  }
  for (const { rowid } of present.values()) end.run(serial, rowid);
}

function insertRevision(
  database: Database.Database,
  { serial, at, who, files, summary }: Revision,
  { origins, unavailablePlugins }: Omit<Snapshot, "serial">,
): void {
  database
    .prepare(
      `INSERT INTO revision (serial, at, who, files, created, updated, deleted, origins, unavailable_plugins)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    )
    .run(
      serial,
      at,
      who,
      JSON.stringify(files),
      summary.created,
      summary.updated,
      summary.deleted,
      JSON.stringify(origins),
      JSON.stringify(unavailablePlugins),
    );
}

/** Of older revisions only the line in the history stays. */
function forgetOld(database: Database.Database, serial: number): void {
  const oldest = serial - KEPT_REVISIONS + 1;
  database.prepare("DELETE FROM entity WHERE until <= ?").run(oldest);
  database
    .prepare("UPDATE revision SET origins = NULL, unavailable_plugins = NULL WHERE serial < ? AND origins IS NOT NULL")
    .run(oldest);
}

/** The main file alone is then complete and can be copied. What is committed is safe without it. */
function checkpoint(database: Database.Database): void {
  try {
    database.exec("PRAGMA wal_checkpoint(PASSIVE)");
  } catch {
    // The next write tries again.
  }
}
