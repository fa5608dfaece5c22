import { describe, expect, it } from "vitest";
import { parseReference } from "../../../../src/secrets/reference.ts";
import { envVault } from "../../../../src/secrets/vaults/env.ts";
import type { Vault } from "../../../../src/secrets/vault.ts";
import { vaultServices } from "../../../support/vault-services.ts";

const signal = new AbortController().signal;

describe("the env vault", () => {
  it.each([
    ["{vault://env/my-secret-value}", "", "MY_SECRET_VALUE"],
    ["{vault://env/value}", "my_secret_", "MY_SECRET_VALUE"],
    ["{vault://env/value}", "my-secret-", "MY_SECRET_VALUE"],
    ["{vault://env/x?prefix=ssl_}", "other_", "SSL_X"],
    ["{vault://env/x#1}", "", "X"],
    ["{vault://env/x#2}", "", "X_PREVIOUS"],
    ["{vault://env/pg-creds/username}", "", "PG_CREDS"],
  ])("reads %s with prefix %j from %s", async (reference, prefix, variable) => {
    const vault = await open({ [variable]: "value" }, prefix);
    expect(await read(vault, reference)).toBe("value");
  });

  it("takes an empty variable for an empty secret", async () => {
    expect(await read(await open({ X: "" }), "{vault://env/x}")).toBe("");
  });

  it("names the variable that is not set", async () => {
    await expect(read(await open({}), "{vault://env/open-ai#2}")).rejects.toMatchObject({
      code: "GW_SECRET_MISSING",
      message: expect.stringContaining("OPEN_AI_PREVIOUS is not set"),
    });
  });

  it("knows the environment as it was at the start", async () => {
    const environment = { X: "before" };
    const vault = await open(environment);
    environment.X = "after";
    expect(await read(vault, "{vault://env/x}")).toBe("before");
  });

  it("warns of versions that do not exist", async () => {
    const vault = await open({});
    const codes = ["{vault://env/x}", "{vault://env/x#1}", "{vault://env/x#2}", "{vault://env/x#3}"].map((text) =>
      vault.check(parseReference(text)).map(({ code }) => code),
    );
    expect(codes).toEqual([[], [], [], ["vault-reference-version"]]);
  });
});

async function open(environment: Record<string, string>, prefix = ""): Promise<Vault> {
  return await envVault.create(prefix === "" ? {} : { prefix }, vaultServices({ environment }));
}

async function read(vault: Vault, reference: string): Promise<string> {
  const { secret } = await vault.read(parseReference(reference), { signal });
  return secret.reveal();
}
