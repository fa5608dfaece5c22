import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, expect, it } from "vitest";
import { localConfig } from "../support/local-config.ts";
import { type GwRun, runGw } from "../support/run-gw.ts";

const seed = fileURLToPath(new URL("../../fixtures/seed/prompts.jsonl", import.meta.url));
let cwd: string;

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "gw-diff-prompts-"));
});

afterEach(() => rmSync(cwd, { recursive: true }));

async function gw(command: string, config: string, ...args: readonly string[]): Promise<GwRun> {
  writeFileSync(join(cwd, "kong.yaml"), config);
  return await runGw([command, ...args], { cwd });
}

const priced = (price: string): string =>
  localConfig().replace(
    "name: mistral-tiny\n            options:\n",
    `$&              input_cost: ${price}\n              output_cost: 10\n`,
  );

it("lists the prompts that a change of the file moves, with the change in cost", async () => {
  await gw("sync", priced("4"));
  const swapped = priced("4").replace("threshold: 0.8", "threshold: 0.5");
  const { code, out } = await gw("diff", swapped, "--prompts", seed, "--json");
  expect(code).toBe(0);
  const { prompts } = JSON.parse(out) as {
    prompts: { n: number; moved: object[]; cost: { before: number; after: number } };
  };
  expect(prompts.n).toBe(6);
  expect(prompts.moved).toContainEqual({
    id: "1",
    prompt: "How can I build a REST API using Flask?",
    from: "openai/gpt-3.5-turbo",
    to: "mistral/mistral-tiny",
  });
  expect(prompts.cost.after).toBeGreaterThan(prompts.cost.before);

  const shown = await gw("diff", swapped, "--prompts", seed);
  expect(shown.out).toMatch(
    /Prompts: \d of 6 change target\n {2}1 +openai\/gpt-3\.5-turbo +→ +mistral\/mistral-tiny +How can I/,
  );
});

it("finds nothing moved by the same file, and no cost without prices", async () => {
  await gw("sync", localConfig());
  const { out } = await gw("diff", localConfig(), "--prompts", seed, "--json");
  expect(JSON.parse(out)).toMatchObject({ summary: { total: 0 }, prompts: { n: 6, moved: [], cost: null } });
});

it("takes a store without anything for a gateway without targets", async () => {
  const { out } = await gw("diff", localConfig(), "--prompts", seed, "--json");
  const { prompts } = JSON.parse(out) as { prompts: { moved: { from: unknown }[] } };
  expect(prompts.moved.map(({ from }) => from)).toEqual(Array.from({ length: 6 }, () => null));
});
