import { mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../../src/core/json.ts";
import { extractValue } from "../../../../src/secrets/extract.ts";
import { parseReference } from "../../../../src/secrets/reference.ts";
import { fileVault } from "../../../../src/secrets/vaults/file.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { vaultServices } from "../../../support/vault-services.ts";

const { signal } = new AbortController();

async function read(path: string, text: string, config: JsonObject = {}): Promise<string> {
  const vault = await fileVault.create({ path, ...config }, vaultServices());
  const reference = parseReference(text);
  const { secret } = await vault.read(reference, { signal });
  return extractValue(secret, reference, false).reveal();
}

describe("a mounted secret", () => {
  it("is the text of a file, without the line break at its end", async () => {
    const path = tempDir();
    writeFileSync(join(path, "openai-key"), "sk-1\n");
    expect(await read(path, "{vault://mounted/openai-key}")).toBe("sk-1");
  });

  it("is a member of a JSON file, or a file in a folder", async () => {
    const path = tempDir();
    writeFileSync(join(path, "openai"), '{"key":"sk-json"}');
    mkdirSync(join(path, "team", "mistral"), { recursive: true });
    writeFileSync(join(path, "team", "mistral", "key"), "sk-folder");
    expect(await read(path, "{vault://mounted/openai/key}")).toBe("sk-json");
    expect(await read(path, "{vault://mounted/team/mistral/key}")).toBe("sk-folder");
  });

  it("is read behind Kubernetes' link, all of its files of one moment", async () => {
    const path = tempDir();
    const mounted = join(path, "openai");
    for (const version of ["1", "2"]) {
      mkdirSync(join(mounted, `..${version}`), { recursive: true });
      writeFileSync(join(mounted, `..${version}`, "key"), `sk-${version}`);
    }
    symlinkSync("..1", join(mounted, "..data"));
    symlinkSync("..data/key", join(mounted, "key"));
    expect(await read(path, "{vault://mounted/openai/key}")).toBe("sk-1");
    rmSync(join(mounted, "..data"));
    symlinkSync("..2", join(mounted, "..data"));
    expect(await read(path, "{vault://mounted/openai/key}")).toBe("sk-2");
  });

  it.each([
    ["{vault://mounted/absent}", "GW_SECRET_MISSING", "no value found: there is no file"],
    ["{vault://mounted/large}", "GW_SECRET_MISSING", "longer than a secret can be"],
    ["{vault://mounted/..%2Foutside}", "GW_SECRET_BAD_REFERENCE", "allowed in it"],
    ["{vault://mounted/a%00b}", "GW_SECRET_BAD_REFERENCE", "allowed in it"],
    ["{vault://mounted/folder/absent}", "GW_SECRET_MISSING", "subfield absent not found"],
  ])("%s is refused: %s", async (text, code, message) => {
    const path = join(tempDir(), "secrets");
    mkdirSync(join(path, "folder"), { recursive: true });
    writeFileSync(join(path, "..", "outside"), "sk-outside");
    writeFileSync(join(path, "large"), Buffer.alloc(1024 * 1024 + 1));
    await expect(read(path, text)).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it("is read again after ten seconds, unless a ttl says otherwise", async () => {
    const path = tempDir();
    writeFileSync(join(path, "key"), "sk");
    const ttlOf = async (text: string, config: JsonObject): Promise<number | undefined> => {
      const vault = await fileVault.create({ path, ...config }, vaultServices());
      return (await vault.read(parseReference(text), { signal })).ttlMs;
    };
    expect(await ttlOf("{vault://mounted/key}", {})).toBe(10_000);
    expect(await ttlOf("{vault://mounted/key?ttl=5}", {})).toBeUndefined();
    expect(await ttlOf("{vault://mounted/key}", { ttl: 60 })).toBeUndefined();
  });

  it("says whether its folder is there", async () => {
    const path = tempDir();
    const probe = async (folder: string) =>
      await (await fileVault.create({ path: folder }, vaultServices())).probe?.({ signal });
    expect(await probe(path)).toBe(`the folder ${path} is there`);
    await expect(probe(join(path, "absent"))).rejects.toMatchObject({ code: "GW_SECRET_UNREACHABLE" });
  });

  it("needs a folder", async () => {
    await expect(fileVault.create({}, vaultServices())).rejects.toMatchObject({ code: "GW_CONFIG_INVALID" });
  });
});
