import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { Evaluation } from "../../src/routing/evaluate.ts";
import { localConfig } from "../support/local-config.ts";
import { seedPrompts } from "../support/prompts.ts";
import { type GwRun, runGw } from "../support/run-gw.ts";

let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "gw-eval-"));
  writeFileSync(join(cwd, "kong.yaml"), localConfig());
});

afterEach(() => rmSync(cwd, { recursive: true }));

async function evaluate(rows: readonly object[], ...args: readonly string[]): Promise<GwRun> {
  return await runGw(["eval", "-", ...args], { cwd, stdin: rows.map((row) => JSON.stringify(row)).join("\n") });
}

it.each(["literal", "contrast"])(
  "routes all of the user's prompts rightly by the rule %s, without a key or a network",
  async (rule) => {
    writeFileSync(join(cwd, "kong.yaml"), localConfig(`rule: ${rule}`));
    const { code, out } = await evaluate(seedPrompts, "--json", "--min-accuracy", "1");
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({
      schema_version: 1,
      n: 6,
      accuracy: 1,
      macro_f1: 1,
      catchall_leak: 0,
      unrouted: 0,
      per_target: [
        { target: "gpt-3.5-turbo", precision: 1, recall: 1, f1: 1, support: 2 },
        { target: "gpt-4o", support: 2 },
        { target: "mistral-tiny", support: 2 },
      ],
      misses: [],
      warnings: [],
    });
  },
);

it("shows what went wrong, and fails below the bar", async () => {
  const rows = [
    { prompt: "What is the derivative of sin(x)?", expect: "mistral-tiny", id: "wrong", source: "here" },
    { prompt: "What is Wulfila Bible?", label: "other", source: "there" },
  ];
  const flags = ["--map", "other=CATCHALL", "--min-accuracy", "0.6", "--predictions", "decisions.jsonl"];
  const { code, out, err } = await evaluate(rows, ...flags);
  expect(code).toBe(2);
  expect(err).toContain("The accuracy 0.500 is below --min-accuracy 0.6.");
  expect(out).toContain("50.0 % right of 2 prompts");
  expect(out).toContain("mistral-tiny → gpt-4o  What is the derivative of sin(x)?  (wrong, ");
  const decisions = readFileSync(join(cwd, "decisions.jsonl"), "utf8").trim().split("\n");
  expect(decisions.map((line) => JSON.parse(line) as object)).toMatchObject([
    { id: "wrong", expect: "mistral-tiny", got: "gpt-4o", index: 1, is_right: false },
    { id: "2", expect: "mistral-tiny", got: "mistral-tiny", index: 2, is_right: true },
  ]);
});

it("says that two descriptions cannot be told apart", async () => {
  writeFileSync(
    join(cwd, "kong.yaml"),
    localConfig().replace(
      /description: "mathematics[^"]*"/,
      'description: "programming, software development and coding, APIs"',
    ),
  );
  const { out } = await evaluate(seedPrompts, "--json");
  expect((JSON.parse(out) as Evaluation).warnings).toEqual([
    expect.stringMatching(/^the descriptions of gpt-3\.5-turbo and gpt-4o hardly differ/),
  ]);
});

it.each([
  [{ prompt: "a", expect: "gpt-5" }, '"gpt-5" is no target of this route.'],
  [{ prompt: "a" }, "standard input:1: it says no target"],
])("refuses %j", async (row, message) => {
  const { code, out, err } = await evaluate([row]);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toContain(message);
});

it("keeps follow-ups with their topic by what was said before, and lets new topics go", async () => {
  const conversations = fileURLToPath(new URL("../../fixtures/prompts/conversations.jsonl", import.meta.url));
  const shares = async (): Promise<Readonly<Record<string, number>>> => {
    const { out } = await runGw(["eval", conversations, "--json"], { cwd });
    const { by_source: sources } = JSON.parse(out) as Evaluation;
    return Object.fromEntries(sources.map(({ source, accuracy }) => [source, Math.round(100 * accuracy)]));
  };
  expect(await shares()).toEqual({ "follow-up": 86, "new topic": 92 });
  writeFileSync(join(cwd, "kong.yaml"), localConfig("text: last_user"));
  expect(await shares()).toEqual({ "follow-up": 29, "new topic": 92 });
});
