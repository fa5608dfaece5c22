import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { createToken, describeWithOpenBao, type OpenBao, startOpenBao, writeSecret } from "../services/openbao.ts";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { runGw } from "../support/run-gw.ts";
import { type ServedGw, serveGw } from "../support/serve-gw.ts";
import { tempDir } from "../support/temp-dir.ts";

const KEY = "{vault://hashicorp-vault/openai/key}";
const ANSWER = '{"id":"1","object":"chat.completion","choices":[],"model":"m"}';

/** A provider that knows one key at a time. */
class Provider {
  valid = "sk-canary-first";
  readonly seen = new Map<string, number>();
  upstream: FakeUpstream | undefined;

  async start(): Promise<void> {
    this.upstream = await startFakeUpstream({
      reply: (request) => {
        const key = String(request.headers["authorization"]).replace("Bearer ", "");
        this.seen.set(key, (this.seen.get(key) ?? 0) + 1);
        const body = { "content-type": "application/json" };
        if (key === this.valid) request.answer(200, body, ANSWER);
        else request.answer(401, body, '{"error":{"message":"Incorrect API key","code":"invalid_api_key"}}');
      },
    });
  }
}

function configuration(provider: Provider, vault: object, gw: object = {}, targetGw: object = {}): string {
  const options = { upstream_url: `${provider.upstream?.origin}/v1/chat/completions` };
  const target = {
    route_type: "llm/v1/chat",
    auth: { header_name: "Authorization", header_value: KEY },
    model: { provider: "openai", name: "gpt-4o", options },
    gw: targetGw,
  };
  return JSON.stringify({
    _format_version: "3.0",
    vaults: [{ name: "hcv", prefix: "hashicorp-vault", config: { kv: "v2", ...vault } }],
    services: [{ name: "llm", url: "http://127.0.0.1:9", routes: [{ name: "chat", paths: ["/chat"] }] }],
    plugins: [{ name: "ai-proxy-advanced", config: { targets: [target], balancer: { algorithm: "round-robin" }, gw } }],
  });
}

/** Two targets that are told apart by embeddings; the key for those is another secret. */
function embeddingConfiguration(
  provider: Provider,
  vault: object,
  auth: object = { header_name: "Authorization", header_value: "{vault://hashicorp-vault/embeddings/key}" },
  gw: object = {},
): string {
  const config = JSON.parse(configuration(provider, vault, gw)) as { plugins: [{ config: Record<string, unknown> }] };
  const [{ config: plugin }] = config.plugins;
  const [target] = plugin["targets"] as [object];
  plugin["targets"] = [
    { ...target, description: "programming" },
    { ...target, description: "CATCHALL" },
  ];
  plugin["balancer"] = { algorithm: "semantic" };
  plugin["embeddings"] = {
    auth,
    model: {
      provider: "openai",
      name: "text-embedding-3-small",
      options: { upstream_url: `${provider.upstream?.origin}/v1/embeddings` },
    },
  };
  plugin["vectordb"] = { strategy: "memory", dimensions: 8, distance_metric: "cosine", threshold: 0.8 };
  return JSON.stringify(config);
}

async function serve(config: string, args: readonly string[] = []): Promise<ServedGw> {
  const cwd = tempDir();
  writeFileSync(join(cwd, "kong.yaml"), config);
  const gw = await serveGw(["kong.yaml", ...args], { cwd });
  onTestFinished(async () => void (await gw.stop()));
  return gw;
}

async function chat(gw: ServedGw): Promise<{ readonly status: number; readonly body: string }> {
  const response = await fetch(`${gw.origin}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: '{"messages":[{"role":"user","content":"Hello"}]}',
  });
  return { status: response.status, body: await response.text() };
}

async function readyStatus(gw: ServedGw): Promise<{ readonly status: number; readonly problems: readonly string[] }> {
  const response = await fetch(`${gw.admin}/status/ready`);
  const { problems = [] } = (await response.json()) as { problems?: readonly string[] };
  return { status: response.status, problems };
}

async function secretsOf(gw: ServedGw): Promise<unknown> {
  const status = (await (await fetch(`${gw.admin}/status`)).json()) as { secrets: unknown };
  return status.secrets;
}

describeWithOpenBao("a key from Vault", () => {
  let bao: OpenBao;
  let provider: Provider;
  const rootToken = "canary-root-token";

  beforeEach(async () => {
    bao = await startOpenBao({ host: "127.61.8.1", folder: tempDir(), rootToken });
    provider = new Provider();
    await provider.start();
    await writeSecret(bao, "openai", { key: provider.valid });
  });

  afterEach(async () => {
    await bao.stop();
    await provider.upstream?.close();
  });

  const at = (config: object = {}): object => ({ host: bao.host, port: bao.port, token: rootToken, ...config });

  it("is replaced under load without a failed request", async () => {
    const gw = await serve(configuration(provider, at()));
    const answers: Promise<number>[] = [];
    const load = startLoad(200, () => answers.push(chat(gw).then(({ status }) => status)));
    await expect.poll(() => provider.seen.get("sk-canary-first") ?? 0, { timeout: 15_000 }).toBeGreaterThan(200);
    await writeSecret(bao, "openai", { key: "sk-canary-second" });
    provider.valid = "sk-canary-second";
    await expect.poll(() => provider.seen.get("sk-canary-second") ?? 0, { timeout: 15_000 }).toBeGreaterThan(600);
    load.stop();
    expect(new Set(await Promise.all(answers))).toEqual(new Set([200]));
    await gw.logLine((line) => line["code"] === "secret-replaced");
    expect(await secretsOf(gw)).toMatchObject([{ reference: KEY, state: "fresh", version: 2, last_error: null }]);
    expect(gw.output()).not.toContain("canary");
  });

  it("that is refused although Vault has no other: the client gets the provider's answer", async () => {
    const gw = await serve(configuration(provider, at()));
    provider.valid = "another";
    expect(await chat(gw)).toEqual({ status: 401, body: expect.stringContaining("Incorrect API key") });
    await gw.logLine((line) => line["code"] === "secret-refused");
  });

  it.each([
    ["is not read again where that is switched off", false, undefined, 401],
    ["is not read again for a target where that is switched off", undefined, false, 401],
    ["is not read again for a target where that is switched off, and on for the others", true, false, 401],
    ["is read again for a target where that is switched on, and off for the others", false, true, 200],
  ])("%s", async (_title, ofPlugin, ofTarget, status) => {
    const gw = await serve(configuration(provider, at(), { refresh_on_401: ofPlugin }, { refresh_on_401: ofTarget }));
    await writeSecret(bao, "openai", { key: "sk-canary-second" });
    provider.valid = "sk-canary-second";
    expect((await chat(gw)).status).toBe(status);
  });

  it("that is missing at the start keeps the gateway from being ready, until it is there", async () => {
    await bao.request("DELETE", "secret/metadata/openai");
    const gw = await serve(configuration(provider, at()));
    expect(await readyStatus(gw)).toEqual({ status: 503, problems: [expect.stringContaining("does not exist")] });
    expect(gw.output()).toContain(`Warning: ${KEY} is not resolved: no value found`);
    expect((await chat(gw)).status).toBe(503);
    expect(provider.seen.size).toBe(0);
    await writeSecret(bao, "openai", { key: provider.valid });
    await expect.poll(async () => (await readyStatus(gw)).status, { timeout: 10_000 }).toBe(200);
    expect((await chat(gw)).status).toBe(200);
  });

  it("may be missing with --allow-unresolved", async () => {
    await bao.request("DELETE", "secret/metadata/openai");
    const gw = await serve(configuration(provider, at()), ["--allow-unresolved"]);
    expect((await readyStatus(gw)).status).toBe(200);
    expect((await chat(gw)).status).toBe(503);
  });

  it("for embeddings may be missing with --allow-unresolved, and only then", async () => {
    const config = embeddingConfiguration(provider, at());
    const strict = await serve(config);
    expect(await readyStatus(strict)).toEqual({
      status: 503,
      problems: [expect.stringContaining("{vault://hashicorp-vault/embeddings/key} is not resolved")],
    });
    const lenient = await serve(config, ["--allow-unresolved"]);
    expect(await readyStatus(lenient)).toEqual({ status: 200, problems: [] });
    await writeSecret(bao, "embeddings", { key: provider.valid });
    // The key is there, but the provider answers no embeddings: that is no matter of secrets.
    await expect
      .poll(async () => (await readyStatus(lenient)).problems, { timeout: 10_000 })
      .toEqual([expect.stringContaining("target descriptions are not embedded")]);
  });

  it.each([
    { header_name: "{vault://hashicorp-vault/embeddings/name}", header_value: "sk" },
    { param_name: "{vault://hashicorp-vault/embeddings/name}", param_value: "sk", param_location: "query" },
  ])("that names where the one for embeddings goes may be missing at the start: %j", async (auth) => {
    const gw = await serve(embeddingConfiguration(provider, at(), auth, { on_embedding_failure: "error" }));
    expect(await readyStatus(gw)).toEqual({
      status: 503,
      problems: [expect.stringContaining("{vault://hashicorp-vault/embeddings/name} is not resolved")],
    });
    expect(gw.output()).toContain("{vault://hashicorp-vault/embeddings/name}");
    expect((await chat(gw)).status).toBe(503);
    expect(provider.upstream?.requests).toEqual([]);
  });

  it("stays in use over a reload while Vault is away", async () => {
    const cwd = tempDir();
    const file = join(cwd, "kong.yaml");
    writeFileSync(file, configuration(provider, at()));
    const gw = await serveGw(["kong.yaml"], { cwd });
    onTestFinished(async () => void (await gw.stop()));
    await bao.stop();
    writeFileSync(file, configuration(provider, at(), { text: "all" }));
    await gw.logLine((line) => line["event"] === "config-swap");
    expect((await chat(gw)).status).toBe(200);
    expect((await readyStatus(gw)).status).toBe(200);
  });

  it("whose token has expired stays in use, and the status says what is wrong", async () => {
    const token = await createToken(bao, "secret/data/openai", "2s", { renewable: false });
    const gw = await serve(configuration(provider, at({ token, ttl: 1 })));
    const refused = [{ state: "stale", last_error: { code: "GW_SECRET_DENIED" } }];
    await expect.poll(async () => await secretsOf(gw), { timeout: 15_000 }).toMatchObject(refused);
    expect((await chat(gw)).status).toBe(200);
    const stale = await (await fetch(`${gw.admin}/status/secrets`)).json();
    expect(stale).toMatchObject({ secrets: [{ reference: KEY, stale_s: expect.any(Number) }] });
    const pastTtl = async (): Promise<number> => {
      const metrics = await (await fetch(`${gw.admin}/metrics`)).text();
      return Number(/^gw_secret_stale_seconds\{reference="\{vault:[^"]+"\} (\S+)$/m.exec(metrics)?.[1]);
    };
    await expect.poll(pastTtl, { timeout: 10_000 }).toBeGreaterThan(1);
    expect(gw.output()).toContain("vault-token-expiring");
    expect(gw.output()).not.toContain(token);
  });

  describe("asked for by gw vault get", () => {
    const get = async (args: readonly string[], vault: object) => {
      const cwd = tempDir();
      writeFileSync(join(cwd, "kong.yaml"), configuration(provider, vault));
      return await runGw(["vault", "get", KEY, ...args], { cwd });
    };

    it("is described, and shown only when that is asked for", async () => {
      const described = await get([], at());
      expect(described).toMatchObject({
        code: 0,
        out: expect.stringMatching(/resolves: vault hashicorp-vault, version 1, written 20/),
      });
      expect(described.out + described.err).not.toContain("canary");
      expect(await get(["--reveal"], at())).toMatchObject({ code: 0, out: "sk-canary-first\n" });
      const { out } = await get(["--json"], at());
      expect(JSON.parse(out)).toMatchObject({ schema_version: 1, resolved: true, version: 1, warnings: [] });
    });

    it("fails with the reason", async () => {
      const { code, err } = await get([], at({ token: "canary-wrong" }));
      expect([code, err]).toEqual([1, expect.stringContaining("the token has expired, was revoked or is wrong")]);
      expect(err).not.toContain("canary");
    });
  });
});

/** `perSecond` times a second, until it is stopped. */
function startLoad(perSecond: number, send: () => void): { stop(): void } {
  const timer = setInterval(send, 1000 / perSecond);
  return { stop: () => clearInterval(timer) };
}
