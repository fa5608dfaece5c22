import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Tuning } from "../../src/routing/tune.ts";
import { localConfig } from "../support/local-config.ts";
import { runGw } from "../support/run-gw.ts";

const labels = "programming=gpt-3.5-turbo,mathematics=gpt-4o,other=CATCHALL";
const lines = readFileSync(fileURLToPath(new URL("../../fixtures/prompts/dev.jsonl", import.meta.url)), "utf8")
  .trim()
  .split("\n");

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "gw-tune-"));
  writeFileSync(join(cwd, "kong.yaml"), localConfig());
});

afterEach(() => rmSync(cwd, { recursive: true }));

it("fits a head, writes it, and the file still routes the user's prompts", async () => {
  writeFileSync(join(cwd, "some.jsonl"), lines.filter((_, number) => number % 3 === 0).join("\n"));
  const { code, out, err } = await runGw(
    ["tune", "some.jsonl", "--map", labels, "--method", "head", "--write", "--json"],
    { cwd },
  );
  const { chosen, scores } = JSON.parse(out) as Tuning;
  const [untuned, head] = scores;
  expect({ code, chosen }).toEqual({ code: 0, chosen: "head" });
  expect(head?.macro_f1).toBeGreaterThan((untuned?.macro_f1 ?? 1) + 0.01);
  expect(err).toContain("kong.head. `gw diff` shows what `gw sync` would do.");
  expect(readFileSync(join(cwd, "kong.yaml"), "utf8")).toContain("head_file: kong.head");

  const seed = fileURLToPath(new URL("../../fixtures/seed/prompts.jsonl", import.meta.url));
  const after = await runGw(["eval", seed, "--min-accuracy", "1"], { cwd });
  expect(after).toMatchObject({ code: 0, err: "Using kong.yaml.\n" });

  expect(await runGw(["sync", "kong.yaml", "--yes"], { cwd })).toMatchObject({ code: 0 });
  const { out: dumped } = await runGw(["dump"], { cwd });
  expect(dumped).toContain("embedding: local/universal-sentence-encoder-lite");
  expect(dumped).not.toContain("head_file");
  writeFileSync(join(cwd, "dumped.yaml"), dumped);
  expect(await runGw(["diff", "dumped.yaml", "--non-zero-exit-code"], { cwd })).toMatchObject({ code: 0 });
}, 60_000);

it("refuses too few labels, and changes nothing", async () => {
  const few = lines.slice(0, 20).join("\n");
  const { code, out, err } = await runGw(["tune", "-", "--map", labels, "--write"], { cwd, stdin: few });
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain("at least 8 for each target are needed");
  expect(readFileSync(join(cwd, "kong.yaml"), "utf8")).toBe(localConfig());
});
