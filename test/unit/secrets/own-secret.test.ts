import { describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/core/errors.ts";
import { ownSecret } from "../../../src/secrets/own-secret.ts";

describe("a credential of a vault", () => {
  it.each([
    ["plain", "plain"],
    ["{vault://env/vault-token}", "from-env"],
    ["{vault://env/vault-json/token}", "from-json"],
  ])("%s", (text, expected) => {
    const environment = { VAULT_TOKEN: "from-env", VAULT_JSON: '{"token":"from-json"}' };
    expect(ownSecret(text, "token", environment).reveal()).toBe(expected);
  });

  it("names the variable that is not set", () => {
    expect(() => ownSecret("{vault://env/vault-token}", "token", {})).toThrow(/VAULT_TOKEN is not set/);
  });

  it("does not come from another vault", () => {
    expect(() => ownSecret("{vault://aws/token}", "token", {})).toThrow(ConfigError);
  });
});
