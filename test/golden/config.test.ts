import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { diagnosticCodes } from "../../src/config/codes.ts";
import type { CheckedConfig } from "../../src/config/load.ts";
import { checkFixture, configFixtures, fixtureCases } from "../support/load-fixture.ts";

/** `UPDATE_GOLDEN=1 npx vitest run test/golden/config.test.ts` writes what is found; review it like code. */
function expectGolden(kind: string, name: string, found: unknown): void {
  const file = join(configFixtures, kind, name, "expected.json");
  const text = `${JSON.stringify(found, null, 2)}\n`;
  if (process.env["UPDATE_GOLDEN"] === "1") writeFileSync(file, text);
  expect(JSON.parse(text)).toEqual(JSON.parse(readFileSync(file, "utf8")));
}

/** Everything that a command could print. */
function everythingShown({ diagnostics, sources }: CheckedConfig): string {
  return JSON.stringify([diagnostics, [...sources]]);
}

describe.each(["invalid", "warned"] as const)("configurations under %s", (kind) => {
  it.each(fixtureCases(kind))("%s", async (name) => {
    const checked = await checkFixture(kind, name);
    expectGolden(kind, name, checked.diagnostics);
    expect(checked.loaded === undefined).toBe(kind === "invalid");
    expect(checked.diagnostics).not.toEqual([]);
    expect(everythingShown(checked)).not.toContain("sk-planted-secret");
  });
});

describe("configurations under valid", () => {
  it.each(fixtureCases("valid"))("%s", async (name) => {
    const checked = await checkFixture("valid", name);
    expect(checked.diagnostics).toEqual([]);
    const { diagnostics: _, ...loaded } = checked.loaded ?? { diagnostics: [] };
    expectGolden("valid", name, loaded);
    expect(everythingShown(checked) + JSON.stringify(loaded)).not.toContain("sk-planted-secret");
  });
});

it("has a fixture for every code but those of files that cannot be read", () => {
  const codes = new Set(
    (["invalid", "warned"] as const).flatMap((kind) =>
      fixtureCases(kind).flatMap((name) =>
        (JSON.parse(readFileSync(join(configFixtures, kind, name, "expected.json"), "utf8")) as { code: string }[]).map(
          ({ code }) => code,
        ),
      ),
    ),
  );
  const ofFiles = ["file-not-found", "file-unreadable", "no-files"];
  expect([...new Set([...codes, ...ofFiles])].sort()).toEqual([...diagnosticCodes].sort());
});
