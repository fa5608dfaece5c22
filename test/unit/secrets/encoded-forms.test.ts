import { describe, expect, it } from "vitest";
import { encodedForms } from "../../support/encoded-forms.ts";

describe("the search for planted secrets", () => {
  const secret = 'sk-canary/+"quoted"&=%-4711';

  it.each([
    ["base64", Buffer.from(`user:${secret}`).toString("base64")],
    ["base64 at another offset", Buffer.from(`Bearer ${secret}\n`).toString("base64")],
    ["base64url", Buffer.from(`x${secret}`).toString("base64url")],
    ["JSON in JSON", JSON.stringify({ body: JSON.stringify({ key: secret }) })],
    ["a form", new URLSearchParams({ key: secret }).toString()],
    ["hex", Buffer.from(secret).toString("hex")],
  ])("finds it in %s", (_form, text) => {
    expect(encodedForms(secret).some((form) => text.includes(form))).toBe(true);
  });

  it("finds nothing in other text", () => {
    expect(encodedForms(secret).some((form) => "sk-canary, base64: c2st".includes(form))).toBe(false);
  });
});
