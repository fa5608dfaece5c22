import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import type { JsonObject } from "../../../../src/core/json.ts";
import { parseReference } from "../../../../src/secrets/reference.ts";
import type { Vault, VaultServices } from "../../../../src/secrets/vault.ts";
import { hcvVault } from "../../../../src/secrets/vaults/hcv.ts";
import {
  createAppRole,
  createToken,
  describeWithOpenBao,
  type OpenBao,
  startOpenBao,
  writeSecret,
} from "../../../services/openbao.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { vaultServices } from "../../../support/vault-services.ts";

const OPENAI = "{vault://hv/openai/key}";
const OPENAI_PATH = "secret/data/openai";
const signal = new AbortController().signal;

describeWithOpenBao("the hcv vault", () => {
  const folder = mkdtempSync(join(tmpdir(), "gw-hcv-"));
  let bao: OpenBao;

  beforeAll(async () => {
    bao = await startOpenBao({ host: "127.45.1.2", folder, rootToken: "root" });
    await writeSecret(bao, "openai", { key: "first" });
    await writeSecret(bao, "openai", { key: "second" });
  });

  afterAll(async () => {
    await bao.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const at = (config: JsonObject): JsonObject => ({ host: bao.host, port: bao.port, kv: "v2", ...config });
  const rooted = (config: JsonObject = {}): JsonObject => at({ token: bao.rootToken, ...config });

  describe("reading", () => {
    it.each([
      [OPENAI, '{"key":"second"}', 2],
      ["{vault://hv/openai/key#1}", '{"key":"first"}', 1],
    ])("answers %s with its version", async (reference, value, version) => {
      const answer = await (await open(rooted())).read(parseReference(reference), { signal });
      expect([answer.secret.reveal(), answer.version]).toEqual([value, version]);
    });

    it("finds names that need escapes", async () => {
      await writeSecret(bao, "team%20a/%C3%B6pen%23ai%3F", { key: "odd" });
      expect(await read(rooted(), "{vault://hv/team%20a/%C3%B6pen%23ai%3F/key}")).toBe('{"key":"odd"}');
    });

    it("reads another mount and another engine where the reference says so", async () => {
      await bao.request("POST", "sys/mounts/old", { type: "kv", options: { version: "1" } });
      await bao.request("POST", "old/openai", { key: "of old" });
      expect(await read(rooted(), "{vault://hv/openai/key?mount=old&kv=v1}")).toBe('{"key":"of old"}');
    });

    it("reads in its namespace", async () => {
      await bao.request("POST", "sys/namespaces/team");
      await bao.request("POST", "team/sys/mounts/secret", { type: "kv", options: { version: "2" } });
      await bao.request("POST", "team/secret/data/openai", { data: { key: "of the team" } });
      expect(await read(rooted({ namespace: "team" }), OPENAI)).toBe('{"key":"of the team"}');
    });

    it("takes its token and its address from the environment", async () => {
      const config = {
        host: "{vault://env/hcv-host}",
        port: "{vault://env/hcv-port}",
        token: "{vault://env/hcv-token}",
      };
      const environment = { HCV_HOST: bao.host, HCV_PORT: String(bao.port), HCV_TOKEN: bao.rootToken };
      expect(await read({ ...config, kv: "v2" }, OPENAI, environment)).toBe('{"key":"second"}');
    });
  });

  describe("what is missing", () => {
    it.each([
      ["a secret", "{vault://hv/nobody/key}", {}, "secret/data/nobody of Vault at http://127.45.1.2", "does not exist"],
      ["a version", "{vault://hv/openai/key#9}", {}, "secret/data/openai", "does not exist"],
      ["an engine", OPENAI, { mount: "nowhere" }, "nowhere/data/openai", "Check mount and kv"],
      ["the right kv", OPENAI, { kv: "v1" }, "secret/openai", "Check mount and kv"],
    ])("%s", async (_what, reference, config, path, advice) => {
      await expect(read(rooted(config), reference)).rejects.toMatchObject({
        code: "GW_SECRET_MISSING",
        message: expect.stringMatching(new RegExp(`no value found: ${path}.*${advice}`)),
        details: expect.objectContaining({ vault: "hcv", status: 404 }),
      });
    });

    it("a version that was deleted", async () => {
      await writeSecret(bao, "short-lived", { key: "x" });
      await bao.request("DELETE", "secret/data/short-lived");
      await expect(read(rooted(), "{vault://hv/short-lived/key}")).rejects.toThrow("is a deleted version");
    });
  });

  describe("a token", () => {
    it("reads what its policy allows, and is told apart from one that has expired", async () => {
      const token = await createToken(bao, OPENAI_PATH, "1h");
      const vault = await open(at({ token }));
      const other = parseReference("{vault://hv/mistral/key}");
      expect((await vault.read(parseReference(OPENAI), { signal })).version).toBe(2);
      await expect(vault.read(other, { signal })).rejects.toMatchObject({
        code: "GW_SECRET_DENIED",
        message: expect.stringContaining("policies of the token do not allow to read secret/data/mistral"),
      });
      await bao.request("POST", "auth/token/revoke", { token });
      await expect(vault.read(parseReference(OPENAI), { signal })).rejects.toMatchObject({
        code: "GW_SECRET_DENIED",
        message: expect.stringContaining("the token has expired, was revoked or is wrong"),
      });
    });

    it("that expires is refused from then on", async () => {
      const vault = await open(at({ token: await createToken(bao, OPENAI_PATH, "1s", { renewable: false }) }));
      const failure = await firstFailure(async () => await vault.read(parseReference(OPENAI), { signal }));
      expect(failure).toMatchObject({ code: "GW_SECRET_DENIED", message: expect.stringContaining("has expired") });
    });
  });

  describe("an AppRole", () => {
    const login = (role: { roleId: string; secretId: string }): JsonObject =>
      at({ auth_method: "approle", approle_role_id: role.roleId, approle_secret_id: role.secretId });

    it("logs in once for reads at the same time, and keeps the token", async () => {
      const vault = await open(login(await createAppRole(bao, OPENAI_PATH)));
      const before = await countTokens(bao);
      await Promise.all([OPENAI, OPENAI, OPENAI].map((text) => vault.read(parseReference(text), { signal })));
      await vault.read(parseReference(OPENAI), { signal });
      expect((await countTokens(bao)) - before).toBe(1);
    });

    it("logs in again when the token is used up", async () => {
      const vault = await open(login(await createAppRole(bao, OPENAI_PATH, { token_num_uses: 1 })));
      for (const _ of [1, 2, 3]) {
        expect((await vault.read(parseReference(OPENAI), { signal })).version).toBe(2);
      }
    });

    it("does not log in again for what its policy forbids", async () => {
      const vault = await open(login(await createAppRole(bao, OPENAI_PATH)));
      await vault.read(parseReference(OPENAI), { signal });
      const before = await countTokens(bao);
      const forbidden = vault.read(parseReference("{vault://hv/mistral/key}"), { signal });
      await expect(forbidden).rejects.toThrow("policies of the token do not allow");
      expect(await countTokens(bao)).toBe(before);
    });

    it("reads its secret id from a file at each login", async () => {
      const { roleId, secretId } = await createAppRole(bao, OPENAI_PATH, { token_num_uses: 1 });
      const file = join(tempDir(), "secret-id");
      const config = { auth_method: "approle", approle_role_id: roleId, approle_secret_id_file: file };
      const vault = await open(at(config));
      await expect(vault.read(parseReference(OPENAI), { signal })).rejects.toMatchObject({
        code: "GW_SECRET_MISSING",
        message: expect.stringContaining(`${file} cannot be read (ENOENT)`),
      });
      writeFileSync(file, `${secretId}\n`);
      expect((await vault.read(parseReference(OPENAI), { signal })).version).toBe(2);
    });

    it.each([
      ["a wrong secret id", { approle_secret_id: "wrong" }, "the AppRole login was refused"],
      ["a wrong path", { approle_auth_path: "elsewhere" }, "there is no AppRole login at auth/elsewhere/login"],
    ])("is refused with %s", async (_title, wrong, message) => {
      const config = { ...login(await createAppRole(bao, OPENAI_PATH)), ...wrong };
      await expect(read(config, OPENAI)).rejects.toMatchObject({
        code: "GW_SECRET_DENIED",
        message: expect.stringContaining(message),
      });
    });
  });
});

describe("the configuration of an hcv vault", () => {
  it.each([
    [{ auth_method: "azure" }, 'the login method "azure" is not in this version'],
    [{}, "token: it is missing"],
    [{ token: "t", port: "{vault://env/empty}", host: "a b" }, "http://a b: is no address"],
    [{ auth_method: "approle", approle_secret_id: "x" }, "approle_role_id: it is missing"],
    [{ auth_method: "approle", approle_role_id: "x" }, "approle_secret_id: it is missing"],
    [{ auth_method: "kubernetes" }, "kube_role: it is missing"],
    [{ auth_method: "jwt" }, "jwt_role: it is missing"],
    [{ auth_method: "jwt", jwt_role: "gw" }, "gw.jwt_file: there is no token to log in with"],
    [{ auth_method: "jwt", jwt_role: "gw", oauth2_token_endpoint: "http://x" }, "oauth2_client_id: it is missing"],
    [{ auth_method: "cert" }, "protocol: a certificate needs TLS"],
    [{ auth_method: "cert", protocol: "https" }, "cert_auth_cert: it is missing"],
    [{ auth_method: "userpass" }, "gw.username: it is missing"],
    [{ auth_method: "ldap", gw: { username: "x" } }, "gw.password: it is missing"],
  ])("%j is refused: %s", async (config, message) => {
    await expect(open(config, { EMPTY: "" })).rejects.toMatchObject({
      code: "GW_CONFIG_INVALID",
      message: expect.stringContaining(message),
      diagnostics: [expect.objectContaining({ severity: "error" })],
    });
  });

  it.each([
    [{ token: "{vault://env/empty}" }, "GW_SECRET_MISSING", "token is empty"],
    [{ token: "{vault://env/absent}" }, "GW_SECRET_MISSING", "ABSENT is not set"],
    [{ token: "{vault://other/token}" }, "GW_SECRET_BAD_REFERENCE", 'no vault has the prefix "other"'],
  ])("whose credential cannot be had fails when it is needed: %j", async (config, code, message) => {
    const vault = await open(config, { EMPTY: "" });
    const failure = vault.read(parseReference(OPENAI), { signal });
    await expect(failure).rejects.toMatchObject({ code, message: expect.stringContaining(message) });
  });

  it.each([
    ["{vault://hv/openai/key?mount=..}", {}],
    ["{vault://hv/openai/key?mount=secret/../../sys}", {}],
    ["{vault://hv/openai/key}", { mount: "secret/.." }],
  ])("cannot lead %s out of its mount", async (reference, config) => {
    await expect(read({ port: 1, token: "x", ...config }, reference)).rejects.toMatchObject({
      code: "GW_SECRET_BAD_REFERENCE",
    });
  });

  it.each([
    ["approle_auth_path", { auth_method: "approle", approle_auth_path: "../sys" }],
    ["approle_auth_path", { auth_method: "approle", approle_auth_path: "%2e%2e/sys" }],
    ["approle_auth_path", { auth_method: "approle", approle_auth_path: "..\\sys" }],
    ["approle_auth_path", { auth_method: "approle", approle_auth_path: "x?y" }],
    ["kube_auth_path", { auth_method: "kubernetes", kube_auth_path: "a/../../sys" }],
    ["gw.auth_path", { auth_method: "jwt", gw: { auth_path: "../sys", jwt: "j" } }],
    ["gw.auth_path", { auth_method: "cert", protocol: "https", gw: { auth_path: "../sys" } }],
    ["gw.auth_path", { auth_method: "userpass", gw: { auth_path: "../sys", username: "u", password: "p" } }],
    ["gw.auth_path", { auth_method: "ldap", gw: { auth_path: "./ldap", username: "u", password: "p" } }],
    ["gw.username", { auth_method: "userpass", gw: { username: "..", password: "p" } }],
  ])("cannot lead a login elsewhere with %s of %j", async (field, login) => {
    const needs = { approle_role_id: "r", approle_secret_id: "s", kube_role: "k", jwt_role: "j" };
    const certificate = { cert_auth_cert: "{vault://env/c}", cert_auth_cert_key: "{vault://env/k}" };
    await expect(read({ port: 1, ...needs, ...certificate, ...login }, OPENAI)).rejects.toMatchObject({
      code: "GW_CONFIG_INVALID",
      message: expect.stringContaining(`${field}: `),
    });
  });

  it("may be checked without a Vault", async () => {
    const vault = await open({ token: "x", kv: "v1" });
    const codes = [OPENAI, "{vault://hv/openai}", "{vault://hv/openai/key#2}"].map((text) =>
      vault.check(parseReference(text)).map(({ code }) => code),
    );
    expect(codes).toEqual([[], ["vault-reference-no-key"], ["vault-reference-version"]]);
  });
});

describe("a server that is no Vault", () => {
  it.each([
    ["a page", 200, "<html>Welcome</html>", "an answer that is not Vault's"],
    ["another object", 200, '{"data":"sk-canary"}', "an answer that is not Vault's"],
    ["an error", 500, "sk-canary", "answered with status 500"],
  ])("answers with %s", async (_title, status, body, message) => {
    const port = await serve(createServer((_request, response) => response.writeHead(status).end(body)));
    const error = await read({ port, host: "127.45.1.3", token: "t" }, OPENAI).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "GW_SECRET_UNREACHABLE", message: expect.stringContaining(message) });
    expect(String(error)).not.toContain("canary");
  });

  it("cannot send more than a secret can be long", async () => {
    const body = JSON.stringify({ data: { key: "x".repeat(5 * 1024 * 1024) } });
    const port = await serve(createServer((_request, response) => response.writeHead(200).end(body)));
    await expect(read({ port, host: "127.45.1.3", token: "t" }, OPENAI)).rejects.toMatchObject({
      code: "GW_SECRET_UNREACHABLE",
    });
  });
});

async function open(config: JsonObject, environment: VaultServices["environment"] = {}): Promise<Vault> {
  return await hcvVault.create(config, vaultServices({ environment }));
}

async function read(config: JsonObject, text: string, environment: VaultServices["environment"] = {}): Promise<string> {
  const vault = await open(config, environment);
  const { secret } = await vault.read(parseReference(text), { signal });
  return secret.reveal();
}

async function firstFailure(work: () => Promise<unknown>): Promise<unknown> {
  for (;;) {
    try {
      await work();
    } catch (thrown) {
      return thrown;
    }
  }
}

async function countTokens(bao: OpenBao): Promise<number> {
  const { data } = await bao.request("LIST", "auth/token/accessors");
  return (data as { keys: string[] }).keys.length;
}

async function serve(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.45.1.3", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
