import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { render } from "../../../schemas/generate.js";

const folder = join(import.meta.dirname, "../../../src/config/generated");

it.each(["entities.ts", "ai-proxy-advanced.ts"])("%s is what npm run gen makes of the schemas", async (name) => {
  const files = await render();
  expect(files.get(name)).toBe(readFileSync(join(folder, name), "utf8"));
});
