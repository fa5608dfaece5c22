import { describe, expect, it } from "vitest";
import { parseDocument } from "../../../src/config/parse.ts";

async function parse(text: string) {
  const { document, diagnostics } = await parseDocument(text, "kong.yaml");
  if (document === undefined) throw new Error(JSON.stringify(diagnostics));
  return document;
}

describe("parseDocument", () => {
  it("knows where values and keys stand, through lists, flow style and aliases", async () => {
    const document = await parse("base: &base {deep: [1, two]}\nother:\n  - <<: *base\n    own: 'x'\n");
    expect(document.value).toEqual({ base: { deep: [1, "two"] }, other: [{ deep: [1, "two"], own: "x" }] });
    expect(document.placeOf(["other", 0, "own"])).toEqual({ file: "kong.yaml", line: 4, column: 10 });
    expect(document.keyPlaceOf(["other", 0, "own"])).toMatchObject({ line: 4, column: 5 });
    expect(document.placeOf(["other", 0, "deep", 1])).toMatchObject({ line: 1, column: 24 });
  });

  it("gives the place of the nearest value above one that does not exist", async () => {
    const document = await parse("a:\n  b: 1\n");
    expect(document.placeOf(["a", "c", 3])).toEqual(document.placeOf(["a"]));
    expect(document.rangeOf(["a", "c"])).toBeUndefined();
  });

  it("reads yes, no, on and off as booleans and leaves quoted text alone, as decK does", async () => {
    const text = 'a: [yes, Off, "no", true, ~, 0x1F, 1e3, 007, 12:30, .inf, 2024-01-01, ""]\nb:\n';
    expect((await parse(text)).value).toEqual({
      a: [true, false, "no", true, null, 31, 1000, 7, "12:30", ".inf", "2024-01-01", ""],
      b: null,
    });
  });

  it("lets own keys win over merged ones, and earlier merges over later ones", async () => {
    const text = "a: &a {x: 1, y: 1}\nb: &b {x: 2, z: 2}\nc: {<<: [*a, *b], y: 3}\n";
    expect((await parse(text)).value).toMatchObject({ c: { x: 1, y: 3, z: 2 } });
  });

  it("keeps keys such as __proto__ as plain members", async () => {
    const { value } = await parse('{"__proto__": {"admin": true}, "constructor": 1}');
    expect(Object.keys(value as object)).toEqual(["__proto__", "constructor"]);
    expect((value as { admin?: boolean }).admin).toBeUndefined();
  });

  it("refuses aliases that would make billions of values", async () => {
    const lines = Array.from(
      { length: 12 },
      (_, level) =>
        `l${level}: &l${level} [${Array(9)
          .fill(level === 0 ? "x" : `*l${level - 1}`)
          .join(", ")}]`,
    );
    const { document, diagnostics } = await parseDocument(lines.join("\n"), "kong.yaml");
    expect(document).toBeUndefined();
    expect(diagnostics).toMatchObject([{ code: "yaml-unsupported" }]);
  });

  it.each(["[".repeat(5000), "a: ".repeat(3000), `${" ".repeat(200_000)}- x`, "&a ".repeat(2000)])(
    "answers absurd text with one diagnostic (%#)",
    async (text) => {
      const { diagnostics } = await parseDocument(text, "kong.yaml");
      expect(diagnostics.length).toBeLessThanOrEqual(1);
    },
  );

  it("quotes no value in its messages", async () => {
    const secret = "sk-planted-secret";
    for (const text of [
      `a: "${secret}`,
      `a: ${secret}: b`,
      `a: [${secret}`,
      `- ${secret}\nb: ${secret}`,
      `a: "${secret}\\q"`,
      `a: !x ${secret}`,
      `a: @${secret}`,
    ]) {
      expect(JSON.stringify((await parseDocument(text, "kong.yaml")).diagnostics)).not.toContain(secret);
    }
  });
});
