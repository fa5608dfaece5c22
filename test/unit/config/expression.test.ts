import { describe, expect, it } from "vitest";
import {
  evaluateExpression,
  findExpressions,
  parseExpression,
  printExpression,
} from "../../../src/config/expression.ts";

function evaluate(source: string, environment: Record<string, string> = {}): unknown {
  const expression = parseExpression(source);
  return "code" in expression ? expression.code : evaluateExpression(expression, environment);
}

describe("evaluateExpression", () => {
  it.each([
    ['${{ env "DECK_X" }}', "value"],
    ['${{env "DECK_X"}}', "value"],
    ['${{ env "GW_X" }}', "other"],
    ["${{ env `DECK_X` }}", "value"],
    ['${{ env \\"DECK_X\\" }}', "value"],
    ['${{ env "DECK_MISSING" "fallback }} text" }}', "fallback }} text"],
    ['${{ env "DECK_MISSING" "" }}', ""],
    ['${{ env "DECK_EMPTY" "fallback" }}', ""],
    ['${{ env "DECK_YES" | toBool }}', "true"],
    ['${{ env "DECK_NUMBER" | toInt }}', "12"],
    ['${{ env "DECK_NUMBER" | toFloat | toInt }}', "12"],
    ['${{ env "DECK_X" | indent 4 }}', "value"],
    ['${{ "${{" }}', "${{"],
  ])("%s", (source, value) => {
    const environment = { DECK_X: "value", GW_X: "other", DECK_EMPTY: "", DECK_YES: "T", DECK_NUMBER: "12" };
    expect(evaluate(source, environment)).toEqual({ value });
  });

  it.each([
    ["${{ }}", "template-syntax"],
    ["${{ env }}", "template-syntax"],
    ['${{ env "DECK_X }}', "template-syntax"],
    ['${{ env "DECK_X" | }}', "template-syntax"],
    ['${{ env "DECK_X" | toInt 3 }}', "template-syntax"],
    ["${{ if eq 1 1 }}", "template-unsupported"],
    ['${{ env "DECK_X" | upper }}', "template-unsupported"],
    ['${{ env "PATH" }}', "env-name"],
  ])("%s is refused", (source, code) => {
    expect(evaluate(source)).toBe(code);
  });

  it.each([
    ["toBool", "yes"],
    ["toInt", "1.5"],
    ["toInt", ""],
    ["toInt", "99999999999999999999"],
    ["toFloat", "one"],
  ])("%s refuses %j without showing it", (pipe, value) => {
    const result = evaluate(`\${{ env "DECK_X" | ${pipe} }}`, { DECK_X: value });
    expect(result).toMatchObject({ code: "env-conversion", message: expect.not.stringContaining(`"${value}"`) });
  });
});

describe("printExpression", () => {
  it.each([
    '${{ env "DECK_X" }}',
    '${{ env "DECK_X" "a b" | toBool | indent 8 }}',
    '${{ env "DECK_X" `say "hi"` }}',
    '${{ "text" }}',
  ])("gives %s back", (source) => {
    const expression = parseExpression(source);
    expect("code" in expression ? expression : printExpression(expression)).toBe(source);
  });
});

describe("findExpressions", () => {
  it("ends at the first braces outside quotes, and never beyond its line", () => {
    const text = 'a ${{ env "X}}" }} b ${{ open\n}} ${{ "c" }}';
    expect(findExpressions(text).map(([start, end]) => text.slice(start, end))).toEqual([
      '${{ env "X}}" }}',
      '${{ "c" }}',
    ]);
  });
});
