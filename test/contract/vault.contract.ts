import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { SecretError } from "../../src/core/errors.ts";
import { parseReference } from "../../src/secrets/reference.ts";
import type { Vault } from "../../src/secrets/vault.ts";

export interface VaultFixture {
  readonly vault: Vault;
  /** A reference to `value`, with a key when the vault keeps JSON objects. */
  readonly present: string;
  /** What the vault answers for `present`, before the key is looked up. */
  readonly value: string;
  readonly absent: string;
  /** Undoes what the fixture needed. */
  tearDown(): Promise<void>;
}

/** What every vault promises (src/secrets/vault.ts). */
export function vaultContract(make: () => Promise<VaultFixture>): void {
  describe("keeps the contract of vaults", () => {
    let fixture: VaultFixture;
    const { signal } = new AbortController();

    beforeAll(async () => {
      fixture = await make();
    });

    afterAll(async () => {
      await fixture.vault.close();
      await fixture.tearDown();
    });

    it("answers the secret, also to two at the same time", async () => {
      const read = async (): Promise<string> => {
        const { secret } = await fixture.vault.read(parseReference(fixture.present), { signal });
        return secret.reveal();
      };
      expect(await Promise.all([read(), read()])).toEqual([fixture.value, fixture.value]);
    });

    it("shows the secret to nobody who prints the answer", async () => {
      const answer = await fixture.vault.read(parseReference(fixture.present), { signal });
      expect(`${inspect(answer, { depth: 9 })} ${JSON.stringify(answer)}`).not.toContain(fixture.value);
    });

    it("says that a secret is missing, with an error that has no cause", async () => {
      const error: unknown = await fixture.vault
        .read(parseReference(fixture.absent), { signal })
        .catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(SecretError);
      expect(error).toMatchObject({ code: "GW_SECRET_MISSING", message: expect.stringContaining("no value found") });
      expect(error).not.toHaveProperty("cause");
    });

    it("does not begin when the caller has gone", async () => {
      const gone = AbortSignal.abort(new Error("the caller has gone"));
      await expect(fixture.vault.read(parseReference(fixture.present), { signal: gone })).rejects.toThrow(
        "the caller has gone",
      );
    });

    it("has nothing to say against a good reference", () => {
      expect(fixture.vault.check(parseReference(fixture.present))).toEqual([]);
    });

    it("is there, when it is asked", async () => {
      const said = await fixture.vault.probe?.({ signal });
      expect(said ?? "nothing to ask").not.toBe("");
      expect(said ?? "").not.toContain(fixture.value);
    });

    it("can be closed twice", async () => {
      const another = await make();
      await another.vault.close();
      await another.vault.close();
      await another.tearDown();
    });
  });
}
