import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { errorCodes } from "../../../src/core/error-codes.ts";

const root = fileURLToPath(new URL("../../../", import.meta.url));
const documented = [
  ...readFileSync(join(root, "docs/errors.md"), "utf8").matchAll(/^\| `(GW_\w+)` \| (\S+) \| (\S+) \|/gm),
];

describe("the error codes", () => {
  it("are each documented, in the order of the table", () => {
    expect(documented.map(([, code]) => code)).toEqual(Object.keys(errorCodes));
  });

  it.each(documented.map(([, code = "", status = "", shown = ""]) => ({ code, status, shown })))(
    "$code has the status and visibility that the page says",
    ({ code, status, shown }) => {
      const row = errorCodes[code as keyof typeof errorCodes];
      if (status !== "–") expect(row.status).toBe(Number(status));
      if (shown !== "–") expect(row.expose).toBe(shown === "yes");
    },
  );

  it("are each used by the product", () => {
    const files = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" });
    const sources = files
      .filter((file) => file.endsWith(".ts") && !file.endsWith("error-codes.ts"))
      .map((file) => readFileSync(join(root, "src", file), "utf8"))
      .join("\n");
    const used = new Set([...sources.matchAll(/"(GW_[A-Z_]+)"/g)].map(([, code]) => code));
    expect(Object.keys(errorCodes).filter((code) => !used.has(code))).toEqual([]);
  });
});
