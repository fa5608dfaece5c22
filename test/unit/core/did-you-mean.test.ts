import { describe, expect, it } from "vitest";
import { didYouMean } from "../../../src/core/did-you-mean.ts";

describe("didYouMean", () => {
  it.each([
    ["opnai", ["mistral", "openai"], ' Did you mean "openai"?'],
    ["hashicorp-valut", ["env", "hashicorp-vault"], ' Did you mean "hashicorp-vault"?'],
    ["ENV", ["env"], ' Did you mean "env"?'],
    ["aws", ["env", "hashicorp-vault"], ""],
    ["x", [], ""],
  ])("answers %s among %j with %j", (word, candidates, expected) => {
    expect(didYouMean(word, candidates)).toBe(expected);
  });

  it("takes the nearest, and of equals the first", () => {
    expect(didYouMean("vault-c", ["vault-aa", "vault-a", "vault-b"])).toBe(' Did you mean "vault-a"?');
  });
});
