import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cues } from "../../../../src/balancer/contrast/cues.ts";

function strengths(text: string): Readonly<Record<string, number>> {
  return Object.fromEntries(cues.map(({ name, strength }) => [name, Math.round(100 * strength(text)) / 100]));
}

describe("cues", () => {
  it.each([
    ["Who was Edward Gibbon and what he is famous for?", { code: 0, formulas: 0 }],
    ["Write a function to find the largest of a list", { code: 1, formulas: 0 }],
    ["```js\nconst a = () => 1;\n```", { code: 1, formulas: 0 }],
    ["TypeError: x is undefined", { code: 0.33, formulas: 0 }],
    ["What is 12 * 17 if $x^2$ = 4?", { code: 0, formulas: 1 }],
    ["Tom has 5 apples and buys 7. How many does he have?", { code: 0, formulas: 0.5 }],
    ["How many planets are there?", { code: 0, formulas: 0 }],
  ])("of %j", (text, expected) => {
    expect(strengths(text)).toMatchObject(expected);
  });

  it("lie between 0 and 1 for any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 500 }), (text) => {
        for (const { strength } of cues) expect(strength(text)).toSatisfy((value: number) => value >= 0 && value <= 1);
      }),
    );
  });

  it.each(["a", "(", "a(", "<a", "{ ", "$", "1a", "SELECT ", "write ", "_a", "x -"])(
    "read a megabyte of %j",
    (part) => {
      expect(strengths(part.repeat(1_000_000 / part.length))).toBeDefined();
    },
  );
});
