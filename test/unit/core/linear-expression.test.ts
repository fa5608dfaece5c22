import { expect, test } from "vitest";
import { compileLinear } from "../../../src/core/linear-expression.ts";

test("an expression that makes others try every way answers on a long text", () => {
  const text = `/${"a".repeat(30_000)}!`;
  for (const source of ["/(a+)+$", "/(a|a)*$", "/(a|aa)+$", "/.*.*.*=$"]) {
    expect(compileLinear(source).matchStart(text), source).toBeUndefined();
    expect(compileLinear(source).test(text), source).toBe(false);
  }
});

test("a match is at the start, and has its named groups in Rust's spelling and in JavaScript's", () => {
  const expression = compileLinear("/users/(?P<user>\\d+)(/(?<part>[a-z]+))?");
  expect(expression.matchStart("/users/12/tea!")).toEqual({
    text: "/users/12/tea",
    groups: { user: "12", part: "tea" },
  });
  expect(expression.matchStart("/users/12")).toEqual({ text: "/users/12", groups: { user: "12" } });
  expect(expression.matchStart("/x/users/12")).toBeUndefined();
  expect(compileLinear("/a").matchStart("/ab")).toEqual({ text: "/a", groups: undefined });
});

test("letters count alike where that is asked for", () => {
  expect(compileLinear("tea", { ignoresCase: true }).test("some TEA")).toBe(true);
  expect(compileLinear("tea").test("some TEA")).toBe(false);
  expect(compileLinear("(?i)tea").test("some TEA")).toBe(true);
});

test.each(["/(?=a)", "/(a)\\1", "/(", "/[z-a]"])("%s cannot be read", (source) => {
  expect(() => compileLinear(source)).toThrow();
});
