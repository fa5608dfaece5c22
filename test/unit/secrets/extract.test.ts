import { describe, expect, it } from "vitest";
import { SecretError } from "../../../src/core/errors.ts";
import { Secret } from "../../../src/core/secret.ts";
import { extractValue } from "../../../src/secrets/extract.ts";
import { parseReference } from "../../../src/secrets/reference.ts";

const whole = parseReference("{vault://v/openai}");
const member = parseReference("{vault://v/openai/key}");

describe("extractValue", () => {
  it.each([
    [whole, '{"key":"a"}', false, '{"key":"a"}'],
    [member, '{"key":"a"}', false, "a"],
    [member, '{"key":""}', false, ""],
    [member, '{"key":"c2stw6k="}', true, "sk-é"],
    [whole, "c2s\n", true, "sk"],
  ])("%j of %s (base64 %s)", (reference, text, isBase64, expected) => {
    expect(extractValue(new Secret(text), reference, isBase64).reveal()).toBe(expected);
  });

  it.each([
    ["sk-canary", "unable to json decode value"],
    ['["sk-canary"]', "unable to json decode value"],
    ['{"other":"sk-canary"}', "subfield key not found in JSON secret"],
    ['{"key":7}', "unexpected number value in JSON secret for subfield key"],
    ['{"key":null}', "unexpected null value in JSON secret for subfield key"],
    ['{"key":["sk-canary"]}', "unexpected array value in JSON secret for subfield key"],
    ['{"key":{"sk-canary":1}}', "unexpected object value in JSON secret for subfield key"],
  ])("refuses %s in Kong's words, without the secret", (text, problem) => {
    const expected = new SecretError("GW_SECRET_MISSING", `${problem} [{vault://v/openai/key}]`, { vault: "v" });
    expect(() => extractValue(new Secret(text), member, false)).toThrow(expected);
  });

  it("does not take what every object inherits for a member", () => {
    const reference = parseReference("{vault://v/openai/toString}");
    expect(() => extractValue(new Secret("{}"), reference, false)).toThrow("subfield toString not found");
  });

  it("refuses what is no base64", () => {
    expect(() => extractValue(new Secret("sk-canary!"), whole, true)).toThrow(/^unable to base64 decode value \[/);
  });
});
