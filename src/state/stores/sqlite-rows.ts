import type Database from "libsql";
import { inNaturalOrder, kinds } from "../../config/kinds.ts";
import type { GatewayConfig, Origins } from "../../config/types.ts";
import { StateError } from "../../core/errors.ts";
import type { JsonObject } from "../../core/json.ts";
import { emptySnapshot } from "../snapshot.ts";
import type { Revision, Snapshot } from "../store.ts";

/** What was last written, seen at one moment. */
export function readSnapshot(database: Database.Database): Snapshot {
  return inReadTransaction(database, () => readAt(database, presentSerial(database))) ?? emptySnapshot;
}

/** What was written as `serial`, while it is kept. */
export function readRevision(database: Database.Database, serial: number): Snapshot | undefined {
  return inReadTransaction(database, () => readAt(database, serial));
}

/** 0 before the first write. */
export function presentSerial(database: Database.Database): number {
  return (database.prepare("SELECT coalesce(max(serial), 0) AS serial FROM revision").get() as { serial: number })
    .serial;
}

function readAt(database: Database.Database, serial: number): Snapshot | undefined {
  const row = database
    .prepare("SELECT origins, unavailable_plugins FROM revision WHERE serial = ? AND origins IS NOT NULL")
    .get(serial);
  if (row === undefined) return undefined;
  const { origins, unavailable_plugins } = row as { origins: string; unavailable_plugins: string };
  return {
    serial,
    config: readConfig(database, serial),
    origins: parse(origins) as Origins,
    unavailablePlugins: parse(unavailable_plugins) as readonly string[],
  };
}

function readConfig(database: Database.Database, serial: number): GatewayConfig {
  const rows = database
    .prepare("SELECT collection, body FROM entity WHERE since <= ? AND (until IS NULL OR until > ?)")
    .all(serial, serial) as readonly EntityRow[];
  const lists = new Map<string, JsonObject[]>(kinds.map(({ collection }) => [collection, []]));
  for (const { collection, body } of rows) lists.get(collection)?.push(parse(body) as JsonObject);
  return Object.fromEntries(
    kinds.map((kind) => [kind.collection, inNaturalOrder(kind, lists.get(kind.collection) ?? [])]),
  ) as unknown as GatewayConfig;
}

interface EntityRow {
  readonly collection: string;
  readonly body: string;
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
