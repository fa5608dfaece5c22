import type Database from "libsql";

/** "gwst" in the header of the file: tells a store from any other SQLite database. */
export const APPLICATION_ID = 0x67777374;
/** 1: only the last state. 2: entities carry the revisions they lived in. */
export const VERSION = 2;

/** `until` is the revision that replaced or deleted the row; the rows without one are the present state. */
const TABLES = `
  CREATE TABLE entity (
    collection TEXT NOT NULL,
    id TEXT NOT NULL,
    body TEXT NOT NULL,
    since INTEGER NOT NULL,
    until INTEGER
  ) STRICT;
  CREATE UNIQUE INDEX entity_present ON entity (collection, id) WHERE until IS NULL;
  CREATE INDEX entity_past ON entity (until) WHERE until IS NOT NULL;
`;
/** Origins and unavailable plugins are kept as long as the revision can be read. */
const FACTS = "origins TEXT, unavailable_plugins TEXT";

/** Application id and version are set before the file becomes a WAL store, so that its header on disk always tells them. */
export function createTables(database: Database.Database): void {
  database.exec(`
    PRAGMA application_id = ${APPLICATION_ID};
    PRAGMA user_version = ${VERSION};
    ${TABLES}
    CREATE TABLE revision (
      serial INTEGER PRIMARY KEY,
      at TEXT NOT NULL,
      who TEXT NOT NULL,
      files TEXT NOT NULL,
      created INTEGER NOT NULL,
      updated INTEGER NOT NULL,
      deleted INTEGER NOT NULL,
      ${FACTS}
    ) STRICT;
  `);
}

/** Within a transaction; `version` is read inside it, since another process may have been faster. */
export function migrate(database: Database.Database, version: number): void {
  if (version === 1) fromVersion1(database);
}

/** Revisions before the present one were not kept, so they cannot be read afterwards either. */
function fromVersion1(database: Database.Database): void {
  const columns = FACTS.split(", ").map((column) => `ALTER TABLE revision ADD COLUMN ${column};`);
  database.exec(`
    PRAGMA user_version = 2;
    ALTER TABLE entity RENAME TO entity_1;
    ${TABLES}
    INSERT INTO entity (collection, id, body, since)
      SELECT collection, id, body, (SELECT serial FROM snapshot) FROM entity_1 ORDER BY position;
    ${columns.join("\n")}
    UPDATE revision SET (origins, unavailable_plugins) = (SELECT origins, unavailable_plugins FROM snapshot)
      WHERE serial = (SELECT serial FROM snapshot);
    DROP TABLE entity_1;
    DROP TABLE snapshot;
  `);
}
