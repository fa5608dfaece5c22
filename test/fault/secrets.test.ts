import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer as createHttpsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import HashiVault from "hashi-vault-js";
import { afterAll, beforeAll, beforeEach, expect, it, onTestFinished, vi } from "vitest";
import type { JsonObject } from "../../src/core/json.ts";
import type { Notice } from "../../src/core/notice.ts";
import { parseReference } from "../../src/secrets/reference.ts";
import { hcvVault } from "../../src/secrets/vaults/hcv.ts";
import {
  createAppRole,
  createToken,
  describeWithOpenBao,
  type DurableOpenBao,
  startDurableOpenBao,
  startOpenBaoWithTls,
  writeSecret,
} from "../services/openbao.ts";
import { tempDir } from "../support/temp-dir.ts";
import { vaultServices } from "../support/vault-services.ts";

const TOKEN = "canary-token-4711";
const SECRET_ID = "canary-secret-id-4711";
const OPENAI = parseReference("{vault://hv/openai/key}");
const signal = new AbortController().signal;

it("is needed: the error of the library shows the token", async () => {
  const port = await listen(createHttpServer((_request, response) => response.writeHead(403).end("{}")));
  const client = new HashiVault({ baseUrl: `http://127.45.1.4:${port}/v1` });
  const error: unknown = await client.readKVSecret(TOKEN, "openai").then(undefined, (thrown: unknown) => thrown);
  expect(inspect(error, { depth: null })).toContain("canary");
});

describeWithOpenBao("a Vault that is sealed, restarted or gone", () => {
  const folder = mkdtempSync(join(tmpdir(), "gw-fault-secrets-"));
  let bao: DurableOpenBao;

  beforeAll(async () => {
    bao = await startDurableOpenBao({ host: "127.45.1.5", folder });
    await writeSecret(bao, "openai", { key: "canary-value" });
  });

  afterAll(async () => {
    await bao.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const configOf = (token: string): JsonObject => ({ host: bao.host, port: bao.port, kv: "v2", token });

  it("says that it is sealed, and reads again when it is not", async () => {
    await bao.seal();
    expect(await failureOf(configOf(bao.rootToken))).toMatchObject({
      code: "GW_SECRET_UNREACHABLE",
      message: expect.stringContaining("is sealed. Unseal it"),
    });
    await bao.unseal();
    expect(await read(configOf(bao.rootToken))).toBe('{"key":"canary-value"}');
  });

  it("goes on with the same login after a restart", async () => {
    const { roleId, secretId } = await createAppRole(bao, "secret/data/openai");
    const login = { auth_method: "approle", approle_role_id: roleId, approle_secret_id: secretId };
    const config = { host: bao.host, port: bao.port, kv: "v2", ...login };
    const vault = await hcvVault.create(config, vaultServices());
    await vault.read(OPENAI, { signal });
    await bao.restart();
    await expect(vault.read(OPENAI, { signal })).rejects.toThrow("is sealed");
    await bao.unseal();
    expect((await vault.read(OPENAI, { signal })).version).toBe(1);
  });

  it("does not repeat the credentials when they are refused", async () => {
    const { roleId } = await createAppRole(bao, "secret/data/openai");
    const login = { auth_method: "approle", approle_role_id: roleId, approle_secret_id: SECRET_ID };
    const forbidden = await createToken(bao, "secret/data/other", "1h");
    const failures = [
      await failureOf(configOf(TOKEN)),
      await failureOf({ host: bao.host, port: bao.port, kv: "v2", ...login }),
      await failureOf(configOf(forbidden)),
    ];
    expect(failures.map((failure) => (failure as { code: string }).code)).toEqual(Array(3).fill("GW_SECRET_DENIED"));
    expect(show(failures)).not.toContain(forbidden);
  });
});

describeWithOpenBao("a Vault with TLS", () => {
  const folder = mkdtempSync(join(tmpdir(), "gw-fault-tls-"));
  let bao: Awaited<ReturnType<typeof startOpenBaoWithTls>>;

  beforeAll(async () => {
    // The certificate that OpenBao makes is for this address.
    bao = await startOpenBaoWithTls({ host: "127.0.0.1", folder, rootToken: TOKEN });
  });

  afterAll(async () => {
    await bao.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const configOf = (config: JsonObject): JsonObject => ({
    protocol: "https",
    host: bao.host,
    port: bao.port,
    kv: "v2",
    token: TOKEN,
    ...config,
  });

  it("is trusted by its authority", async () => {
    expect(await failureOf(configOf({ gw: { ca_file: bao.authority } }))).toMatchObject({ code: "GW_SECRET_MISSING" });
  });

  it("is trusted without a check only where the configuration says so, and that is noticed", async () => {
    const notices: Notice[] = [];
    const notify = (notice: Notice): void => void notices.push(notice);
    const vault = await hcvVault.create(configOf({ ssl_verify: false }), vaultServices({ notify }));
    await expect(vault.read(OPENAI, { signal })).rejects.toMatchObject({ code: "GW_SECRET_MISSING" });
    expect(notices.map(({ code }) => code)).toEqual(["vault-not-verified"]);
  });

  it.each([
    ["whose authority is unknown", {}, /cannot be trusted \(TLS: [A-Z_]+\)/],
    ["that is spoken to without TLS", { protocol: "http" }, /answered with status 400/],
  ])("%s is not read", async (_title, config, message) => {
    expect(await failureOf(configOf(config))).toMatchObject({
      code: "GW_SECRET_UNREACHABLE",
      message: expect.stringMatching(message),
    });
  });

  it("does not get the token sent on without TLS", async () => {
    const requests: unknown[] = [];
    const plain = createHttpServer((request, response) => {
      requests.push(request.url);
      response.end("{}");
    });
    const location = `http://127.45.1.4:${await listen(plain)}/`;
    const certificate = {
      cert: readFileSync(join(folder, "vault-cert.pem")),
      key: readFileSync(join(folder, "vault-key.pem")),
    };
    const standby = createHttpsServer(certificate, (_request, response) => response.writeHead(307, { location }).end());
    const config = configOf({ host: "127.45.1.4", port: await listen(standby), ssl_verify: false });
    expect(await failureOf(config)).toMatchObject({ code: "GW_SECRET_UNREACHABLE" });
    expect(requests).toEqual([]);
  });
});

it.each([
  ["is missing", undefined, "ENOENT"],
  ["is no certificate", "hello", "cannot be used"],
  ["is a broken certificate", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "cannot be used"],
])("refuses a configuration whose authority file %s", async (_title, content, message) => {
  const file = join(tempDir(), "ca.pem");
  if (content !== undefined) writeFileSync(file, content);
  const error = await failureOf({ protocol: "https", host: "127.45.1.4", token: TOKEN, gw: { ca_file: file } });
  expect(error).toMatchObject({ code: "GW_CONFIG_INVALID", message: expect.stringContaining(message) });
});

it("says that nobody listens", async () => {
  const server = createTcpServer();
  const port = await listen(server);
  await new Promise((resolve) => server.close(resolve));
  expect(await failureOf({ host: "127.45.1.4", port, token: TOKEN })).toMatchObject({
    code: "GW_SECRET_UNREACHABLE",
    message: expect.stringContaining("refused the connection"),
    details: expect.objectContaining({ code: "ECONNREFUSED" }),
  });
});

it.each([
  ["never answers", () => {}, "did not answer in time"],
  ["hangs up", (socket: Socket) => socket.destroy(), "ECONNRESET"],
])("gives up a server that %s", async (_title, onConnection, message) => {
  const port = await listen(createTcpServer(onConnection));
  expect(await failureOf({ host: "127.45.1.4", port, token: TOKEN })).toMatchObject({
    code: "GW_SECRET_UNREACHABLE",
    message: expect.stringContaining(message),
  });
});

const printed: unknown[] = [];

beforeEach(() => {
  printed.length = 0;
  for (const method of ["log", "info", "warn", "error"] as const) {
    vi.spyOn(console, method).mockImplementation((...values) => void printed.push(...values));
  }
});

/** What a read throws; checks on the way that nobody who prints it sees a credential, and that nothing was printed. */
async function failureOf(config: JsonObject): Promise<unknown> {
  const failure: unknown = await read(config).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(failure).toBeInstanceOf(Error);
  expect(failure).not.toHaveProperty("cause");
  expect(show(failure)).not.toContain("canary");
  expect(printed).toEqual([]);
  return failure;
}

async function read(config: JsonObject): Promise<string> {
  const vault = await hcvVault.create(config, vaultServices());
  const { secret } = await vault.read(OPENAI, { signal });
  return secret.reveal();
}

function show(value: unknown): string {
  const stack = value instanceof Error ? value.stack : "";
  return [inspect(value, { depth: null, showHidden: true }), JSON.stringify(value), String(value), stack].join("\n");
}

async function listen(server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.45.1.4", resolve));
  onTestFinished(() => void server.close());
  return (server.address() as AddressInfo).port;
}
