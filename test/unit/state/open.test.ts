import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { openStore } from "../../../src/state/open.ts";
import { tempDir } from "../../support/temp-dir.ts";

describe("the location of a store", () => {
  it("is a file below the current folder", async () => {
    const cwd = tempDir();
    const store = await openStore(".gw/state.db", cwd);
    const facts = {
      at: "2026-11-22T10:00:00.000Z",
      who: "x",
      files: [],
      summary: { created: 0, updated: 0, deleted: 0 },
    };
    await store.write({ ...(await store.read()) }, facts, 0);
    await store.close();
    expect(existsSync(join(cwd, ".gw", "state.db"))).toBe(true);
  });

  it.each(["postgres://x", ""])("is refused with a way out: %j", async (location) => {
    await expect(openStore(location, "/nowhere")).rejects.toMatchObject({
      code: "GW_USAGE",
      message: expect.stringMatching(/path of a SQLite file/) as string,
    });
  });

  it("never shows the password of a URL", async () => {
    await expect(openStore("redis://:planted@localhost/x/y", "/nowhere")).rejects.toMatchObject({
      code: "GW_USAGE",
      message: expect.not.stringContaining("planted") as string,
    });
    const store = await openStore("redis://:planted@127.0.0.1:1", "/nowhere");
    await expect(store.read()).rejects.toMatchObject({
      code: "GW_STATE_UNREACHABLE",
      message: expect.not.stringContaining("planted") as string,
    });
    await store.close();
  });
});
