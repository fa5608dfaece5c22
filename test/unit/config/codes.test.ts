import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { diagnosticCodes } from "../../../src/config/codes.ts";

it("has one row in docs/diagnostics.md for each code, in the same order", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../docs/diagnostics.md"), "utf8");
  const documented = [...text.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, code]) => code);
  expect(documented).toEqual([...diagnosticCodes]);
});
