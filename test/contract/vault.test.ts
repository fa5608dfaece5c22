import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { vaults } from "../../src/catalogue.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { envVault } from "../../src/secrets/vaults/env.ts";
import { fileVault } from "../../src/secrets/vaults/file.ts";
import { hcvVault } from "../../src/secrets/vaults/hcv.ts";
import { describeWithOpenBao, type OpenBao, startOpenBao, writeSecret } from "../services/openbao.ts";
import { vaultServices } from "../support/vault-services.ts";
import { vaultContract, type VaultFixture } from "./vault.contract.ts";

it("runs for every vault of the catalogue", () => {
  expect(Object.keys(vaults)).toEqual([envVault.name, hcvVault.name, fileVault.name]);
});

describe("env", () => {
  vaultContract(async () => ({
    vault: await envVault.create({}, vaultServices({ environment: { OPENAI_KEY: "sk-marked" } })),
    present: "{vault://env/openai-key}",
    value: "sk-marked",
    absent: "{vault://env/mistral-key}",
    tearDown: async () => {},
  }));
});

describe("file", () => {
  vaultContract(async () => {
    const path = mkdtempSync(join(tmpdir(), "gw-vault-contract-"));
    writeFileSync(join(path, "openai-key"), "sk-marked\n");
    return {
      vault: await fileVault.create({ path }, vaultServices()),
      present: "{vault://mounted/openai-key}",
      value: "sk-marked",
      absent: "{vault://mounted/mistral-key}",
      tearDown: async () => rmSync(path, { recursive: true, force: true }),
    };
  });
});

describeWithOpenBao("hcv with KV version 2", () => {
  vaultContract(async () => await hcvFixture({ kv: "v2" }, async () => {}));
});

describeWithOpenBao("hcv with KV version 1", () => {
  vaultContract(
    async () =>
      await hcvFixture({ kv: "v1", mount: "old/kv" }, async (bao) => {
        await bao.request("POST", "sys/mounts/old/kv", { type: "kv", options: { version: "1" } });
        await bao.request("POST", "old/kv/openai", { key: "sk-marked" });
      }),
  );
});

async function hcvFixture(config: JsonObject, prepare: (bao: OpenBao) => Promise<void>): Promise<VaultFixture> {
  const folder = mkdtempSync(join(tmpdir(), "gw-vault-contract-"));
  const bao = await startOpenBao({ host: "127.45.1.1", folder, rootToken: "root" });
  await writeSecret(bao, "openai", { key: "sk-marked" });
  await prepare(bao);
  const { host, port, rootToken: token } = bao;
  return {
    vault: await hcvVault.create({ ...config, host, port, token }, vaultServices()),
    present: "{vault://hashicorp-vault/openai/key}",
    value: '{"key":"sk-marked"}',
    absent: "{vault://hashicorp-vault/mistral/key}",
    async tearDown() {
      await bao.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
