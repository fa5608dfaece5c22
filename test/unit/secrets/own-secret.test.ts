import { describe, expect, it } from "vitest";
import { Secret } from "../../../src/core/secret.ts";
import { ownSecret } from "../../../src/secrets/own-secret.ts";
import { vaultServices } from "../../support/vault-services.ts";

const { signal } = new AbortController();

describe("a credential of a vault", () => {
  const { secrets } = vaultServices({ environment: { VAULT_TOKEN: "of the environment" } });

  it.each([
    ["plain", "plain"],
    ["{vault://env/vault-token}", "of the environment"],
  ])("%s is %s, and stays when there is no other", async (text, expected) => {
    const own = ownSecret(text, secrets);
    const secret = await own.read(signal);
    expect(secret.reveal()).toBe(expected);
    expect(await own.renew(secret, signal)).toBe(secret);
  });

  it("becomes the one that its vault has", async () => {
    const next = new Secret("next");
    const own = ownSecret("{vault://other/token}", { resolve: async () => next, renew: async () => next });
    expect(await own.renew(new Secret("refused"), signal)).toBe(next);
  });

  it("says what is missing", async () => {
    await expect(ownSecret("{vault://env/absent}", secrets).read(signal)).rejects.toThrow("ABSENT is not set");
  });
});
