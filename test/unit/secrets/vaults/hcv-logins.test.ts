import { createSign, generateKeyPairSync } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { rootCertificates } from "node:tls";
import { inspect } from "node:util";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished, vi } from "vitest";
import type { JsonObject } from "../../../../src/core/json.ts";
import type { Notice } from "../../../../src/core/notice.ts";
import { parseReference } from "../../../../src/secrets/reference.ts";
import type { Vault } from "../../../../src/secrets/vault.ts";
import { hcvVault } from "../../../../src/secrets/vaults/hcv.ts";
import {
  allowRead,
  createAppRole,
  createToken,
  describeWithOpenBao,
  type OpenBao,
  startOpenBao,
  writeSecret,
} from "../../../services/openbao.ts";
import { tempDir } from "../../../support/temp-dir.ts";
import { vaultServices } from "../../../support/vault-services.ts";

const OPENAI = parseReference("{vault://hv/openai/key}");
const OPENAI_PATH = "secret/data/openai";
const { signal } = new AbortController();
const opened: Vault[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (vault) => await vault.close()));
});

async function open(
  config: JsonObject,
  notices: Notice[] = [],
  environment: Record<string, string> = {},
): Promise<Vault> {
  const services = vaultServices({ environment, notify: (notice) => void notices.push(notice) });
  const vault = await hcvVault.create(config, services);
  opened.push(vault);
  return vault;
}

async function read(config: JsonObject, environment: Record<string, string> = {}): Promise<string> {
  const vault = await open(config, [], environment);
  return (await vault.read(OPENAI, { signal })).secret.reveal();
}

/** What a read throws; nobody who prints it sees a credential. */
async function failureOf(config: JsonObject): Promise<Error> {
  const failure: unknown = await read(config).catch((thrown: unknown) => thrown);
  expect(failure).toBeInstanceOf(Error);
  expect(failure).not.toHaveProperty("cause");
  expect(`${inspect(failure, { depth: null, showHidden: true })} ${JSON.stringify(failure)}`).not.toContain("canary");
  return failure as Error;
}

describeWithOpenBao("a login of the hcv vault", () => {
  const folder = mkdtempSync(join(tmpdir(), "gw-hcv-logins-"));
  let bao: OpenBao;
  let policies: string[];

  beforeAll(async () => {
    bao = await startOpenBao({ host: "127.45.1.6", folder, rootToken: "root" });
    await writeSecret(bao, "openai", { key: "sk" });
    policies = [await allowRead(bao, OPENAI_PATH)];
  });

  afterAll(async () => {
    await bao.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  beforeEach(() => void vi.spyOn(console, "error"));
  afterEach(() => expect(console.error).not.toHaveBeenCalled());

  const at = (config: JsonObject): JsonObject => ({ host: bao.host, port: bao.port, kv: "v2", ...config });
  const enable = async (path: string, type: string): Promise<void> =>
    void (await bao.request("POST", `sys/auth/${path}`, { type }));

  describe("that is only tried", () => {
    const said = async (config: JsonObject): Promise<string | undefined> =>
      await (await open(at(config))).probe?.({ signal });

    it("says how it was let in, and for how long", async () => {
      const { roleId, secretId } = await createAppRole(bao, OPENAI_PATH, { token_ttl: "60s" });
      const login = { auth_method: "approle", approle_role_id: roleId, approle_secret_id: secretId };
      expect(await said(login)).toMatch(/^logged in by AppRole, its token ends in (59|60) s unless it is renewed$/);
      expect(await said({ token: bao.rootToken })).toBe("the token is valid");
    });

    it("says that it was not let in", async () => {
      const { roleId } = await createAppRole(bao, OPENAI_PATH);
      const login = { auth_method: "approle", approle_role_id: roleId, approle_secret_id: "canary-wrong" };
      const denied = { code: "GW_SECRET_DENIED", message: expect.not.stringContaining("canary") as string };
      await expect(said(login)).rejects.toMatchObject(denied);
      await expect(said({ token: "canary-wrong" })).rejects.toMatchObject(denied);
      await expect(said({ token: "canary-wrong", port: 1 })).rejects.toMatchObject({ code: "GW_SECRET_UNREACHABLE" });
    });
  });

  describe("by AppRole with a wrapped secret id", () => {
    const wrapped = async (settings: object = {}): Promise<JsonObject> => {
      const { roleId } = await createAppRole(bao, OPENAI_PATH, settings);
      const token = await wrapSecretId(bao);
      return at({
        auth_method: "approle",
        approle_role_id: roleId,
        approle_secret_id: token,
        approle_response_wrapping: true,
      });
    };

    it("unwraps it once, and logs in again with what was in it", async () => {
      const vault = await open(await wrapped({ token_num_uses: 1 }));
      for (const _ of [1, 2, 3]) expect((await vault.read(OPENAI, { signal })).version).toBe(1);
    });

    it("is refused when somebody else has unwrapped it", async () => {
      const config = await wrapped();
      await read(config);
      expect(await failureOf(config)).toMatchObject({
        code: "GW_SECRET_DENIED",
        message: expect.stringContaining("the AppRole login was refused"),
      });
    });
  });

  describe("by JWT", () => {
    const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
    const token = (subject: string): string =>
      signJwt({ sub: subject, aud: "gw" }, privateKey.export({ type: "pkcs8", format: "pem" }));

    beforeAll(async () => {
      await enable("jwt", "jwt");
      await bao.request("POST", "auth/jwt/config", {
        jwt_validation_pubkeys: [publicKey.export({ type: "spki", format: "pem" })],
      });
      const role = { role_type: "jwt", user_claim: "sub", bound_audiences: ["gw"], bound_subject: "gateway", policies };
      await bao.request("POST", "auth/jwt/role/gw", role);
    });

    it("reads the token from a file", async () => {
      const file = join(tempDir(), "token");
      writeFileSync(file, `${token("gateway")}\n`);
      expect(await read(at({ auth_method: "jwt", jwt_role: "gw", gw: { jwt_file: file } }))).toBe('{"key":"sk"}');
    });

    it("fetches the token with client credentials", async () => {
      const asked: string[] = [];
      const endpoint = await serve(async (request, response) => {
        asked.push(await text(request));
        response.end(JSON.stringify({ access_token: token("gateway"), token_type: "Bearer" }));
      });
      const oauth = {
        oauth2_token_endpoint: `${endpoint}/token`,
        oauth2_client_id: "gw",
        oauth2_client_secret: "{vault://env/oauth}",
        oauth2_audiences: "vault",
      };
      expect(await read(at({ auth_method: "jwt", jwt_role: "gw", ...oauth }), { OAUTH: "s e" })).toBe('{"key":"sk"}');
      expect(asked).toEqual(["grant_type=client_credentials&client_id=gw&client_secret=s+e&audience=vault"]);
    });

    it.each([
      ["refuses", 401, '{"error":"canary"}', "answered with status 401"],
      ["answers something else", 200, "canary", "gave an answer that is not JSON"],
      ["has no token", 200, "{}", "gave no access_token"],
    ])("says that the token endpoint %s", async (_title, status, body, message) => {
      const endpoint = await serve(async (_request, response) => void response.writeHead(status).end(body));
      const oauth = { oauth2_token_endpoint: endpoint, oauth2_client_id: "gw", oauth2_client_secret: "canary" };
      expect((await failureOf(at({ auth_method: "jwt", jwt_role: "gw", ...oauth }))).message).toContain(message);
    });

    it("is refused for another subject", async () => {
      const config = at({ auth_method: "jwt", jwt_role: "gw", gw: { jwt: token("canary") } });
      expect(await failureOf(config)).toMatchObject({
        code: "GW_SECRET_DENIED",
        message: expect.stringContaining("the JWT login was refused. Check jwt_role"),
      });
    });
  });

  describe("by Kubernetes", () => {
    it("shows the token of the service account", async () => {
      const reviews: string[] = [];
      const cluster = await serve(async (request, response) => {
        reviews.push(await text(request));
        const user = { username: "system:serviceaccount:ai:gw", uid: "1", groups: [] };
        const status = { authenticated: true, user };
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ apiVersion: "authentication.k8s.io/v1", kind: "TokenReview", status }));
      });
      await enable("kubernetes", "kubernetes");
      const config = {
        kubernetes_host: cluster,
        kubernetes_ca_cert: rootCertificates[0],
        disable_local_ca_jwt: true,
        token_reviewer_jwt: "r",
      };
      await bao.request("POST", "auth/kubernetes/config", config);
      const bound = { bound_service_account_names: ["gw"], bound_service_account_namespaces: ["ai"], policies };
      await bao.request("POST", "auth/kubernetes/role/gw", bound);
      const claims = { "kubernetes.io": { namespace: "ai", serviceaccount: { name: "gw", uid: "1" } } };
      const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
      const file = join(tempDir(), "token");
      writeFileSync(file, signJwt(claims, privateKey.export({ type: "pkcs8", format: "pem" })));
      const login = at({ auth_method: "kubernetes", kube_role: "gw", kube_api_token_file: file });
      expect(await read(login)).toBe('{"key":"sk"}');
      expect(reviews).toHaveLength(1);
    });

    it("says where it looked for the token", async () => {
      const login = at({ auth_method: "kubernetes", kube_role: "gw", kube_api_token_file: "/nowhere/token" });
      expect((await failureOf(login)).message).toContain("kube_api_token_file /nowhere/token cannot be read (ENOENT)");
    });
  });

  describe("by user name and password", () => {
    beforeAll(async () => {
      await enable("people", "userpass");
      await bao.request("POST", "auth/people/users/gw", { password: "canary", token_policies: policies });
    });

    const login = (password: string): JsonObject =>
      at({ auth_method: "userpass", gw: { username: "gw", password, auth_path: "people" } });

    it("takes the password from the environment", async () => {
      expect(await read(login("{vault://env/password}"), { PASSWORD: "canary" })).toBe('{"key":"sk"}');
    });

    it("is refused with another", async () => {
      const message = expect.stringContaining("the user name login was refused. Check gw.username");
      expect(await failureOf(login("canary-wrong"))).toMatchObject({ code: "GW_SECRET_DENIED", message });
    });
  });

  describe("that gives a token which ends", () => {
    const byAppRole = async (maxTtl: string): Promise<Vault> => {
      const settings = { token_num_uses: 0, token_ttl: "2s", token_max_ttl: maxTtl };
      const { roleId, secretId } = await createAppRole(bao, OPENAI_PATH, settings);
      return await open(at({ auth_method: "approle", approle_role_id: roleId, approle_secret_id: secretId }));
    };

    it("has it renewed before", async () => {
      await (await byAppRole("1h")).read(OPENAI, { signal });
      const accessor = await newestAccessor(bao);
      await expect.poll(async () => await lastRenewal(bao, accessor), { timeout: 10_000 }).toBeGreaterThan(0);
    });

    it("is repeated before, when the token cannot be renewed", async () => {
      await (await byAppRole("2s")).read(OPENAI, { signal });
      const accessor = await newestAccessor(bao);
      await expect.poll(async () => await newestAccessor(bao), { timeout: 10_000 }).not.toBe(accessor);
    });
  });

  describe("by a token", () => {
    it("that can be renewed has it renewed", async () => {
      const token = await createToken(bao, OPENAI_PATH, "2s", { period: "2s" });
      const vault = await open(at({ token }));
      await vault.read(OPENAI, { signal });
      const accessor = await newestAccessor(bao);
      await expect.poll(async () => await lastRenewal(bao, accessor), { timeout: 10_000 }).toBeGreaterThan(0);
    });

    it("that cannot be renewed says when it ends", async () => {
      const notices: Notice[] = [];
      const token = await createToken(bao, OPENAI_PATH, "1h", { renewable: false });
      await (await open(at({ token }), notices)).read(OPENAI, { signal });
      await expect.poll(() => notices.map(({ code }) => code)).toEqual(["vault-token-expiring"]);
      expect(notices[0]?.message).toMatch(/cannot be renewed and ends in 3(600|599) s/);
    });
  });
});

/** A Vault that only knows what the LDAP login sends. */
describe("the login by LDAP", () => {
  it("posts the password to the user's own path", async () => {
    const asked: string[] = [];
    const origin = new URL(
      await serve(async (request, response) => {
        asked.push(`${request.method} ${request.url} ${await text(request)}`);
        const isLogin = request.url?.includes("/auth/") === true;
        response.setHeader("content-type", "application/json");
        response.end(isLogin ? '{"auth":{"client_token":"t","lease_duration":0}}' : '{"data":{"data":{"key":"sk"}}}');
      }),
    );
    const gw = { username: "a b", password: "p" };
    const config = { host: origin.hostname, port: Number(origin.port), kv: "v2", auth_method: "ldap", gw };
    expect(await read(config)).toBe('{"key":"sk"}');
    expect(asked).toEqual(['POST /v1/auth/ldap/login/a%20b {"password":"p"}', "GET /v1/secret/data/openai "]);
  });
});

async function wrapSecretId(bao: OpenBao): Promise<string> {
  const answer = await fetch(`http://${bao.host}:${bao.port}/v1/auth/approle/role/read-secret-data-openai/secret-id`, {
    method: "POST",
    headers: { "X-Vault-Token": bao.rootToken, "X-Vault-Wrap-TTL": "60s" },
  });
  return ((await answer.json()) as { wrap_info: { token: string } }).wrap_info.token;
}

async function newestAccessor(bao: OpenBao): Promise<string> {
  const { data } = await bao.request("LIST", "auth/token/accessors");
  const found = await Promise.all(
    (data as { keys: string[] }).keys.map(async (accessor) => {
      // One that has just ended cannot be looked up.
      const { data } = await bao
        .request("POST", "auth/token/lookup-accessor", { accessor })
        .catch(() => ({ data: {} }));
      return { accessor, from: (data as { issue_time?: string }).issue_time ?? "" };
    }),
  );
  return found.sort((a, b) => a.from.localeCompare(b.from)).at(-1)?.accessor ?? "";
}

/** Seconds since the epoch; 0 before the first renewal. */
async function lastRenewal(bao: OpenBao, accessor: string): Promise<number> {
  const { data } = await bao.request("POST", "auth/token/lookup-accessor", { accessor });
  return (data as { last_renewal_time?: number }).last_renewal_time ?? 0;
}

function signJwt(claims: object, key: string | Buffer): string {
  const now = Math.floor(Date.now() / 1000);
  const parts = [
    { alg: "RS256", typ: "JWT" },
    { iat: now, nbf: now, exp: now + 600, ...claims },
  ];
  const head = parts.map((part) => Buffer.from(JSON.stringify(part)).toString("base64url")).join(".");
  return `${head}.${createSign("RSA-SHA256").update(head).sign(key, "base64url")}`;
}

async function serve(answer: (request: IncomingMessage, response: ServerResponse) => Promise<void>): Promise<string> {
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.45.1.7", resolve));
  onTestFinished(() => void server.close());
  return `http://127.45.1.7:${(server.address() as AddressInfo).port}`;
}
