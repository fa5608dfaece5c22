import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

export const seedConfig = fileURLToPath(new URL("../../fixtures/seed/kong.yaml", import.meta.url));

export interface SeedPrompt {
  readonly prompt: string;
  readonly expect: string;
}

/** The user's six prompts, each with the model it must reach. */
export const seedPrompts: readonly SeedPrompt[] = readFileSync(
  new URL("../../fixtures/seed/prompts.jsonl", import.meta.url),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as SeedPrompt);
