import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import Database from "libsql";
import { beforeAll, describe, expect, it } from "vitest";
import type { Service } from "../../src/config/types.ts";
import type { StateStore } from "../../src/state/store.ts";
import { openSqliteStore } from "../../src/state/stores/sqlite.ts";
import { gatewayConfig } from "../support/gateway-config.ts";
import { tempDir } from "../support/temp-dir.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const writer = join(root, ".cache/test/state-writer.js");
const revision = {
  at: "2026-11-22T10:00:00.000Z",
  who: "someone",
  files: [],
  summary: { created: 0, updated: 0, deleted: 0 },
};

beforeAll(async () => {
  // In the project's folder, so that the program finds node_modules.
  await build({
    entryPoints: [join(root, "test/fault/state-writer.ts")],
    outfile: writer,
    bundle: true,
    format: "esm",
    platform: "node",
    packages: "external",
    logLevel: "silent",
  });
});

describe("a sync that is killed", () => {
  it("leaves the old or the new state, whole and readable, fifty times in a row", async () => {
    const path = join(tempDir(), "state.db");
    for (let round = 0; round < 50; round++) {
      const acknowledged = await killAfter(1 + (round % 3), startWriter(path, `round${round}`, 1000));
      const { serial, marks, revisions } = await inspect(path);
      expect(serial).toBeGreaterThanOrEqual(acknowledged);
      expect(marks).toHaveLength(1);
      expect(revisions).toBe(serial);
    }
  }, 120_000);
});

describe("two syncs at once", () => {
  it("take turns: no write is lost and none mixes with another", async () => {
    const path = join(tempDir(), "state.db");
    const writers = [startWriter(path, "left", 15), startWriter(path, "right", 15)];
    const codes = await Promise.all(writers.map(async (child) => ((await once(child, "exit")) as [number])[0]));
    expect(codes).toEqual([0, 0]);
    expect(await inspect(path)).toEqual({
      serial: 30,
      marks: [expect.stringMatching(/^(left|right)-14$/)],
      revisions: 30,
    });
  }, 60_000);
});

describe("a write that fails half-way", () => {
  const services = (host: string) =>
    gatewayConfig({ services: ["a", "b", "c"].map((name) => ({ id: name, name, host })) });
  const state = (host: string) => ({ config: services(host), origins: {}, unavailablePlugins: [] });
  const triggers = [
    ...[1, 2, 3].flatMap((nth) => [
      `BEFORE INSERT ON entity WHEN (SELECT count(*) FROM entity WHERE until IS NOT NULL) = ${nth}`,
      `BEFORE UPDATE ON entity WHEN (SELECT count(*) FROM entity WHERE until IS NOT NULL) = ${nth - 1}`,
    ]),
    "BEFORE INSERT ON revision",
  ];

  it.each(triggers)("keeps the old state and its history: %s", async (when) => {
    const path = join(tempDir(), "state.db");
    const store = openSqliteStore(path);
    await store.write(state("old"), revision, 0);
    failOn(path, when);
    await expect(store.write(state("new"), revision, 1)).rejects.toMatchObject({ code: "GW_STATE_UNREACHABLE" });
    expect(await inspect(path)).toEqual({ serial: 1, marks: ["old"], revisions: 1 });
    healed(path);
    expect(await store.write(state("new"), revision, 1)).toBe(2);
    expect(await inspect(path)).toEqual({ serial: 2, marks: ["new"], revisions: 2 });
    await store.close();
  });
});

function startWriter(path: string, name: string, count: number): ChildProcess {
  return spawn(process.execPath, [writer, path, name, String(count)], { stdio: ["ignore", "pipe", "inherit"] });
}

/** Kills without warning while the write after the `count`th is under way; answers the last serial that was acknowledged. */
async function killAfter(count: number, child: ChildProcess): Promise<number> {
  const exited = once(child, "exit");
  let seen = 0;
  let serial = 0;
  if (child.stdout === null) throw new Error("The writer has no output.");
  for await (const line of createInterface({ input: child.stdout })) {
    serial = Number(line);
    if (++seen === count) child.kill("SIGKILL");
  }
  expect(await exited).toEqual([null, "SIGKILL"]);
  return serial;
}

async function inspect(path: string): Promise<{ serial: number; marks: readonly string[]; revisions: number }> {
  const store: StateStore = openSqliteStore(path);
  const { serial, config } = await store.read();
  const revisions = (await store.history()).length;
  await store.close();
  return { serial, marks: [...new Set(config.services.map(({ host }: Service) => host))], revisions };
}

function failOn(path: string, when: string): void {
  const database = new Database(path);
  database.exec(`CREATE TRIGGER planted ${when} BEGIN SELECT RAISE(ABORT, 'no space left'); END`);
  database.close();
}

function healed(path: string): void {
  const database = new Database(path);
  database.exec("DROP TRIGGER planted");
  database.close();
}
