import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import Database from "libsql";
import { describe, expect, it, onTestFinished } from "vitest";
import type { StateStore } from "../../../../src/state/store.ts";
import { openSqliteStore } from "../../../../src/state/stores/sqlite.ts";
import { gatewayConfig } from "../../../support/gateway-config.ts";
import { tempDir } from "../../../support/temp-dir.ts";

const revision = {
  at: "2026-11-22T10:00:00.000Z",
  who: "someone",
  files: [],
  summary: { created: 1, updated: 0, deleted: 0 },
};
const state = (host: string, count = 1) => ({
  config: gatewayConfig({
    services: Array.from({ length: count }, (_, index) => ({ id: `s${index}`, name: `n${index}`, host })),
  }),
  origins: {},
  unavailablePlugins: [],
});

function open(path: string): StateStore {
  const store = openSqliteStore(path);
  onTestFinished(() => store.close());
  return store;
}

describe("a SQLite store", () => {
  it("creates nothing by reading, listing and watching", async () => {
    const folder = tempDir();
    const store = open(join(folder, "deep", "state.db"));
    expect((await store.read()).serial).toBe(0);
    expect(await store.history()).toEqual([]);
    store.watch(() => {})();
    expect(readdirSync(folder)).toEqual([]);
  });

  it("creates its folder and its file for the owner only", async () => {
    const folder = join(tempDir(), "a", "b");
    await open(join(folder, "state.db")).write(state("x"), revision, 0);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    const modes = readdirSync(folder).map((name) => statSync(join(folder, name)).mode & 0o777);
    expect(new Set(modes)).toEqual(new Set([0o600]));
  });

  it("takes an empty file, as mktemp makes it, for a new store", async () => {
    const path = join(tempDir(), "state.db");
    writeFileSync(path, "", { mode: 0o600 });
    const store = open(path);
    expect((await store.read()).serial).toBe(0);
    expect(statSync(path).size).toBe(0);
    expect(await store.write(state("x"), revision, 0)).toBe(1);
    expect((await open(path).read()).serial).toBe(1);
  });

  it("can be copied as one file after a write", async () => {
    const path = join(tempDir(), "state.db");
    await open(path).write(state("x"), revision, 0);
    const copy = join(tempDir(), "copy.db");
    writeFileSync(copy, readFileSync(path));
    expect((await open(copy).read()).config).toEqual(state("x").config);
  });

  it("follows the path when another file takes its place", async () => {
    const folder = tempDir();
    const path = join(folder, "state.db");
    const store = open(path);
    await store.write(state("old"), revision, 0);
    await open(join(folder, "next.db")).write(state("new"), revision, 0);
    let calls = 0;
    onTestFinished(store.watch(() => calls++));
    for (const suffix of ["", "-wal", "-shm"]) {
      rmSync(`${path}${suffix}`, { force: true });
      if (existsSync(join(folder, `next.db${suffix}`)))
        renameSync(join(folder, `next.db${suffix}`), `${path}${suffix}`);
    }
    await expect.poll(() => calls).toBe(1);
    expect((await store.read()).config).toEqual(state("new").config);
  });

  it("does not call a watcher while the file is away, and calls it when one is back", async () => {
    const path = join(tempDir(), "state.db");
    const store = open(path);
    await store.write(state("x"), revision, 0);
    let calls = 0;
    onTestFinished(store.watch(() => calls++));
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
    expect((await store.read()).serial).toBe(0);
    await store.write(state("y"), revision, 0);
    await expect.poll(() => calls).toBe(1);
  });

  it("says so when another process holds the write lock", { timeout: 20_000 }, async () => {
    const path = join(tempDir(), "state.db");
    const store = open(path);
    await store.write(state("x"), revision, 0);
    const other = new Database(path);
    other.exec("BEGIN IMMEDIATE");
    await expect(store.write(state("y"), revision, 1)).rejects.toMatchObject({ code: "GW_STATE_LOCKED" });
    expect((await store.read()).serial).toBe(1);
    other.exec("ROLLBACK");
    other.close();
    expect(await store.write(state("y"), revision, 1)).toBe(2);
  });
});

describe("a file that is not a usable store", () => {
  it.each([
    ["text", (path: string) => writeFileSync(path, "services: []\n".repeat(50))],
    ["shorter than a header", (path: string) => writeFileSync(path, "x")],
    ["another program's database", (path: string) => void new Database(path).exec("CREATE TABLE notes (text)")],
  ])("is refused and left as it is: %s", async (_, make) => {
    const path = join(tempDir(), "state.db");
    make(path);
    const before = readFileSync(path);
    const store = open(path);
    const failure = { code: "GW_STATE_CORRUPT", message: expect.stringContaining(path) as string };
    await expect(store.read()).rejects.toMatchObject(failure);
    await expect(store.history()).rejects.toMatchObject(failure);
    await expect(store.write(state("x"), revision, 0)).rejects.toMatchObject(failure);
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("is refused and left as it is: written by a newer gw", async () => {
    const path = join(tempDir(), "state.db");
    await open(path).write(state("x"), revision, 0);
    const database = new Database(path);
    database.exec("PRAGMA user_version = 999; PRAGMA wal_checkpoint(TRUNCATE)");
    database.close();
    const before = readFileSync(path);
    const store = open(path);
    await expect(store.read()).rejects.toMatchObject({ code: "GW_STATE_TOO_NEW" });
    await expect(store.write(state("y"), revision, 1)).rejects.toMatchObject({ code: "GW_STATE_TOO_NEW" });
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("is refused when it is damaged", async () => {
    const path = join(tempDir(), "state.db");
    await open(path).write(state("x", 2000), revision, 0);
    const copy = join(tempDir(), "copy.db");
    writeFileSync(copy, readFileSync(path));
    truncateSync(copy, 8192);
    await expect(open(copy).read()).rejects.toMatchObject({ code: "GW_STATE_CORRUPT" });
  });

  it("is refused when a row was edited by hand, without quoting it", async () => {
    const path = join(tempDir(), "state.db");
    await open(path).write(state("x"), revision, 0);
    const database = new Database(path);
    database.exec("UPDATE entity SET body = 'sk-planted-secret'");
    database.close();
    const failure = await open(path)
      .read()
      .then(
        () => undefined,
        (error: unknown) => error as Error,
      );
    expect(failure).toMatchObject({ code: "GW_STATE_CORRUPT" });
    expect(`${failure?.message} ${failure?.stack} ${String(failure?.cause)}`).not.toContain("sk-planted");
  });

  it("is refused when it is a folder or lies below a file", async () => {
    const folder = tempDir();
    mkdirSync(join(folder, "state.db"));
    await expect(open(join(folder, "state.db")).read()).rejects.toMatchObject({ code: "GW_STATE_CORRUPT" });
    writeFileSync(join(folder, "file"), "");
    await expect(open(join(folder, "file", "state.db")).read()).rejects.toMatchObject({ code: "GW_STATE_UNREACHABLE" });
    await expect(open(join(folder, "file", "state.db")).write(state("x"), revision, 0)).rejects.toMatchObject({
      code: "GW_STATE_UNREACHABLE",
    });
  });
});
