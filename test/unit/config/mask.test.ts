import { describe, expect, it } from "vitest";
import { checkSources } from "../../../src/config/load.ts";
import { loadOptions } from "../../support/load-fixture.ts";

const secret = "sk-planted-secret";

async function maskedText(text: string): Promise<string> {
  const { sources, diagnostics } = await checkSources([{ file: "kong.yaml", text }], loadOptions());
  expect(JSON.stringify(diagnostics)).not.toContain(secret);
  return sources.get("kong.yaml") ?? "";
}

describe("masked sources", () => {
  it.each([
    ["a plain value", `vaults:\n  - name: hcv\n    config: {token: ${secret}}\n`],
    ["a quoted value", `vaults:\n  - name: hcv\n    config:\n      token: "${secret}"\n`],
    ["a block", `vaults:\n  - name: hcv\n    config:\n      token: |\n        ${secret}\n        ${secret}\n`],
    ["a value of a wrong type", `vaults:\n  - name: hcv\n    config:\n      token: [${secret}, {a: ${secret}}]\n`],
    ["a key with a mistake", `vaults:\n  - name: hcv\n    config:\n      tokn: ${secret}\n`],
    ["a kind with a mistake", `vaults:\n  - name: hvc\n    config:\n      token: ${secret}\n`],
    ["a collection with a mistake", `vault:\n  - name: hcv\n    config:\n      token: ${secret}\n`],
    ["a default", `vaults:\n  - name: hcv\n    config:\n      token: \${{ env "DECK_MISSING" "${secret}" }}\n`],
    ["an anchor", `x-token: &token ${secret}\nvaults:\n  - name: hcv\n    config: {token: *token}\n`],
    ["a comment", `vaults: [] # token: ${secret}\n# "header_value": "Bearer ${secret}"\n`],
    ["credentials of a consumer", `consumers:\n  - username: a\n    keyauth_credentials: [{key: ${secret}}]\n`],
    ["a user in a URL", `services:\n  - name: a\n    url: http://user:${secret}@a.example.com\n`],
    ["a text that is not YAML", `vaults:\n  - name: "hcv\n    config:\n      token: ${secret}\n`],
    [
      "a block in a text that is not YAML",
      `a: [\nvaults:\n  - config:\n      token: |\n        ${secret}\n\n        ${secret}\n`,
    ],
    ["a value on the next line of a text that is not YAML", `a: [\ntoken:\n\n${secret}\n`],
    ["JSON that is not complete", `{"vaults": [{"config": {"token": "${secret}"`],
    ["a text with a reserved character", `a: "\uE000"\ntoken: ${secret}\n`],
  ])("hide %s", async (_, text) => {
    const masked = await maskedText(text);
    expect(masked).not.toContain(secret);
    expect(masked.split("\n").map((line) => line.length)).toEqual(text.split("\n").map((line) => line.length));
  });

  it("leave references and expressions readable", async () => {
    const text =
      'vaults:\n  - name: hcv\n    config:\n      token: ${{ env "DECK_MISSING" }}\n      approle_secret_id: "{vault://env/x}"\n';
    expect(await maskedText(text)).toBe(text);
  });
});
