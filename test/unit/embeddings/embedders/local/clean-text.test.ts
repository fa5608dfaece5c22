import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cleanText } from "../../../../../src/embeddings/embedders/local/clean-text.ts";

describe("cleanText", () => {
  it.each([
    ["  What\n\n is\t\u00a0this? ", "What is this?"],
    ["\ufb01rst \uff21", "first A"],
    ["", " "],
    ["\n \t\u3000", " "],
    ["\n".repeat(100_000) + "late", "late"],
    ["a\ud800", "a\ufffd"],
    ["x".repeat(2000), "x".repeat(1024)],
    [`${"x".repeat(1023)}\u{1f600}`, "x".repeat(1023)],
    [`${"x".repeat(1022)}\u{1f600}y`, `${"x".repeat(1022)}\u{1f600}`],
  ])("%j", (text, clean) => {
    expect(cleanText(text)).toBe(clean);
  });

  it("is short, well-formed, never empty, and the same when done twice", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.integer({ min: 1, max: 200 }), (piece, times) => {
        const text = piece.repeat(times);
        const clean = cleanText(text);
        expect(clean.length).toBeGreaterThan(0);
        expect(clean.length).toBeLessThanOrEqual(1024);
        expect(clean.isWellFormed()).toBe(true);
        expect(cleanText(clean)).toBe(clean);
      }),
    );
  });
});
