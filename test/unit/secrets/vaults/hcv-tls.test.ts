import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { request as httpsRequest } from "node:https";
import { type AddressInfo, connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import type { JsonObject } from "../../../../src/core/json.ts";
import { parseReference } from "../../../../src/secrets/reference.ts";
import { hcvVault } from "../../../../src/secrets/vaults/hcv.ts";
import { describeWithOpenBao, startOpenBaoWithTls } from "../../../services/openbao.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { vaultServices } from "../../../support/vault-services.ts";

const OPENAI = parseReference("{vault://hv/openai/key}");
const { signal } = new AbortController();

describeWithOpenBao("Vault behind TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "gw-hcv-tls-"));
  let bao: Awaited<ReturnType<typeof startOpenBaoWithTls>>;

  const ask = async (method: string, path: string, body?: object): Promise<Record<string, Record<string, string>>> => {
    const options = { host: bao.host, port: bao.port, ca: readFileSync(bao.authority), path: `/v1/${path}`, method };
    const answer = await new Promise<string>((resolve, reject) => {
      const request = httpsRequest({ ...options, headers: { "X-Vault-Token": bao.rootToken } }, (response) => {
        text(response).then(resolve, reject);
      });
      request.on("error", reject).end(body === undefined ? "" : JSON.stringify(body));
    });
    return answer === "" ? {} : (JSON.parse(answer) as Record<string, Record<string, string>>);
  };

  beforeAll(async () => {
    bao = await startOpenBaoWithTls({ host: "127.0.0.1", folder, rootToken: "root" });
    await ask("POST", "secret/data/openai", { data: { key: "sk" } });
  });

  afterAll(async () => {
    await bao.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  afterEach(() => vi.unstubAllEnvs());

  const at = (config: JsonObject): JsonObject => {
    const { gw = {}, ...others } = config;
    const common = { protocol: "https", host: bao.host, port: bao.port, kv: "v2" };
    return { ...common, ...others, gw: { ca_file: bao.authority, ...(gw as JsonObject) } };
  };

  async function read(config: JsonObject): Promise<string> {
    const vault = await hcvVault.create(at(config), vaultServices());
    onTestFinished(async () => await vault.close());
    return (await vault.read(OPENAI, { signal })).secret.reveal();
  }

  it("must have the name in its certificate that the configuration says", async () => {
    await expect(read({ token: "root", gw: { server_name: "vault.example" } })).rejects.toThrow(
      "cannot be trusted (TLS: ERR_TLS_CERT_ALTNAME_INVALID)",
    );
    expect(await read({ token: "root", gw: { server_name: "localhost" } })).toBe('{"key":"sk"}');
  });

  describe("logs in who shows a certificate", () => {
    let certificate: string;
    let key: string;

    beforeAll(async () => {
      await ask("POST", "sys/mounts/pki", { type: "pki" });
      const root = await ask("POST", "pki/root/generate/internal", { common_name: "people" });
      await ask("POST", "pki/roles/gw", { allow_any_name: true, client_flag: true });
      const issued = await ask("POST", "pki/issue/gw", { common_name: "gateway", ttl: "1h" });
      certificate = issued["data"]?.["certificate"] ?? "";
      key = issued["data"]?.["private_key"] ?? "";
      await ask("POST", "sys/auth/cert", { type: "cert" });
      const policy = 'path "secret/data/openai" { capabilities = ["read"] }';
      await ask("PUT", "sys/policies/acl/read-openai", { policy });
      const authority = root["data"]?.["certificate"];
      await ask("POST", "auth/cert/certs/gw", { certificate: authority, token_policies: ["read-openai"] });
    });

    it("as text", async () => {
      const login = { auth_method: "cert", cert_auth_cert: certificate, cert_auth_cert_key: key };
      expect(await read({ ...login, cert_auth_role_name: "gw" })).toBe('{"key":"sk"}');
    });

    it("in files", async () => {
      const [certificateFile, keyFile] = [join(tempDir(), "client.pem"), join(tempDir(), "client-key.pem")];
      writeFileSync(certificateFile, certificate);
      writeFileSync(keyFile, key);
      const login = { auth_method: "cert", cert_auth_cert: certificateFile, cert_auth_cert_key: keyFile };
      expect(await read(login)).toBe('{"key":"sk"}');
    });

    it("but not by another role", async () => {
      const login = { auth_method: "cert", cert_auth_cert: certificate, cert_auth_cert_key: key };
      await expect(read({ ...login, cert_auth_role_name: "nobody" })).rejects.toMatchObject({
        code: "GW_SECRET_DENIED",
        message: expect.stringContaining("the certificate login was refused. Check cert_auth_role_name"),
      });
    });
  });

  describe("is asked through the proxy of the environment", () => {
    it("in a tunnel, with the same trust as without", async () => {
      const tunnels = await startProxy();
      vi.stubEnv("HTTPS_PROXY", tunnels.origin);
      expect(await read({ token: "root" })).toBe('{"key":"sk"}');
      expect(tunnels.asked[0]).toBe(`${bao.host}:${bao.port}`);
      await expect(read({ token: "root", gw: { server_name: "vault.example" } })).rejects.toThrow("cannot be trusted");
    });

    it("but not when it is excepted", async () => {
      const tunnels = await startProxy();
      vi.stubEnv("HTTPS_PROXY", tunnels.origin);
      vi.stubEnv("NO_PROXY", bao.host);
      expect(await read({ token: "root" })).toBe('{"key":"sk"}');
      expect(tunnels.asked).toEqual([]);
    });
  });
});

async function startProxy(): Promise<{ readonly origin: string; readonly asked: readonly string[] }> {
  const asked: string[] = [];
  const server = createServer((_request, response) => response.writeHead(500).end());
  server.on("connect", (request, socket) => {
    asked.push(request.url ?? "");
    const [host = "", port] = (request.url ?? "").split(":");
    const target = connect(Number(port), host, () => {
      socket.write("HTTP/1.1 200 Connection Established\r\n\r\n");
      target.pipe(socket).pipe(target);
    });
    target.on("error", () => socket.destroy());
    socket.on("error", () => target.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.45.1.9", resolve));
  onTestFinished(() => void server.close());
  return { origin: `http://127.45.1.9:${(server.address() as AddressInfo).port}`, asked };
}
