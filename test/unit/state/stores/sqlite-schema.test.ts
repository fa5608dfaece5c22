import { join } from "node:path";
import Database from "libsql";
import { expect, it, onTestFinished } from "vitest";
import type { StateStore } from "../../../../src/state/store.ts";
import { openSqliteStore } from "../../../../src/state/stores/sqlite.ts";
import { gatewayConfig } from "../../../support/gateway-config.ts";
import { tempDir } from "../../../support/temp-dir.ts";

/** As the first version of gw wrote it, after two syncs. */
const VERSION_1 = `
  PRAGMA application_id = 1735881588;
  PRAGMA user_version = 1;
  CREATE TABLE snapshot (serial INTEGER NOT NULL, origins TEXT NOT NULL, unavailable_plugins TEXT NOT NULL) STRICT;
  CREATE TABLE entity (
    position INTEGER PRIMARY KEY, collection TEXT NOT NULL, id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (collection, id)
  ) STRICT;
  CREATE TABLE revision (
    serial INTEGER PRIMARY KEY, at TEXT NOT NULL, who TEXT NOT NULL, files TEXT NOT NULL,
    created INTEGER NOT NULL, updated INTEGER NOT NULL, deleted INTEGER NOT NULL
  ) STRICT;
  INSERT INTO snapshot VALUES (2, '{"s1":["/host"]}', '["p1"]');
  INSERT INTO entity VALUES (1, 'services', 's1', '{"id":"s1","name":"alpha"}');
  INSERT INTO revision VALUES (1, '2026-11-20T10:00:00.000Z', 'someone', '["a.yaml"]', 2, 0, 0);
  INSERT INTO revision VALUES (2, '2026-11-21T10:00:00.000Z', 'someone', '["a.yaml"]', 0, 1, 1);
`;

function open(path: string): StateStore {
  const store = openSqliteStore(path);
  onTestFinished(() => store.close());
  return store;
}

function oldStore(): string {
  const path = join(tempDir(), "state.db");
  const database = new Database(path);
  database.exec(VERSION_1);
  database.close();
  return path;
}

it("reads a store of the first format, and goes on from it", async () => {
  const path = oldStore();
  const present = {
    serial: 2,
    config: gatewayConfig({ services: [{ id: "s1", name: "alpha" }] }),
    origins: { s1: ["/host"] },
    unavailablePlugins: ["p1"],
  };
  expect(await open(path).read()).toEqual(present);
  const next = { config: gatewayConfig(), origins: {}, unavailablePlugins: [] };
  const summary = { created: 0, updated: 0, deleted: 1 };
  expect(await open(path).write(next, { at: "", who: "", files: [], summary }, 2)).toBe(3);
  expect(await open(path).readRevision(2)).toEqual(present);
  expect(await open(path).readRevision(1)).toBeUndefined();
  expect((await open(path).history()).map(({ serial }) => serial)).toEqual([1, 2, 3]);
});

it("is migrated once by processes that open it at the same time", async () => {
  const path = oldStore();
  const snapshots = await Promise.all([open(path).read(), open(path).history(), open(path).read()]);
  expect(snapshots[0]).toEqual(snapshots[2]);
});
