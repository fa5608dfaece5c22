import { writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it, onTestFinished } from "vitest";
import { describeWithOpenBao, type OpenBao, startOpenBao, writeSecret } from "../services/openbao.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../services/redis.ts";
import { startFakeEmbeddings } from "../support/fake-embeddings.ts";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { type GwRun, runGw } from "../support/run-gw.ts";
import { expectNoSecretHeard, markSecret } from "../support/secrecy.ts";
import { tempDir } from "../support/temp-dir.ts";

const rootToken = markSecret("root token", "canary-ping-root-token-77Rt");
const openaiKey = markSecret("key of openai", 'sk-canary-ping-openai/+"q"');
const redisPassword = markSecret("password of Redis", "canary-ping-redis-password");

interface Row {
  readonly kind: string;
  readonly name: string;
  readonly ok: boolean;
  readonly message: string;
  readonly code: string | null;
  readonly warnings: readonly string[];
}

/** What a configuration is made of; `port`s where something else listens, or nothing. */
interface Places {
  readonly vault: { readonly host: string; readonly port: number };
  readonly redis: { readonly host: string; readonly port: number };
  readonly model?: string;
  readonly key?: string;
}

/** The model is at api.openai.com and the embeddings at embeddings.test: `--connect-to` leads to the fakes. */
function configuration({ vault, redis, model = "text-embedding-3-small", key = "key" }: Places): string {
  const reference = (name: string): string => `{vault://hashicorp-vault/openai/${name}}`;
  const auth = { header_name: "Authorization", header_value: reference(key) };
  const server = { host: redis.host, port: redis.port, password: "{vault://env/redis-password}" };
  const target = (name: string, description: string): object => ({
    route_type: "llm/v1/chat",
    auth,
    model: { provider: "openai", name },
    description,
  });
  const ai = {
    targets: [target("gpt-4o", "programming"), target("gpt-4o-mini", "mathematics"), target("gpt-4.1", "CATCHALL")],
    balancer: { algorithm: "semantic" },
    embeddings: {
      auth,
      model: {
        provider: "openai",
        name: model,
        options: { upstream_url: "http://embeddings.test/v1/embeddings" },
      },
    },
    vectordb: { strategy: "redis", dimensions: 8, distance_metric: "cosine", threshold: 0.8, redis: server },
  };
  return JSON.stringify({
    _format_version: "3.0",
    vaults: [
      {
        name: "hcv",
        prefix: "hashicorp-vault",
        config: { host: vault.host, port: vault.port, kv: "v2", token: "{vault://env/root-token}" },
      },
    ],
    upstreams: [
      { name: "several", targets: [{ target: "plain.test:8080" }, { target: "spare.test:8080", weight: 0 }] },
    ],
    services: [
      {
        name: "llm",
        url: "http://127.0.0.1:9",
        routes: [{ name: "chat", paths: ["/chat"], plugins: [{ name: "ai-proxy-advanced", config: ai }] }],
      },
      { name: "several", host: "several", port: 80, protocol: "http", routes: [{ name: "several", paths: ["/s"] }] },
      {
        name: "plain",
        url: "http://plain.test:8080",
        routes: [{ name: "plain", paths: ["/plain"] }],
        plugins: [{ name: "rate-limiting", config: { minute: 5, policy: "redis", redis: server } }],
      },
    ],
  });
}

it("makes a plugin that cannot be created one failed line, and checks the rest", async () => {
  const cwd = tempDir();
  const target = { route_type: "llm/v1/chat", model: { provider: "openai", name: "gpt-4o" } };
  const ai = (dimensions: number): object => ({
    targets: [
      { ...target, description: "programming" },
      { ...target, description: "CATCHALL" },
    ],
    balancer: { algorithm: "semantic" },
    embeddings: { model: { provider: "gemini", name: "embedding-001" } },
    vectordb: { strategy: "memory", dimensions, distance_metric: "cosine", threshold: 0.8 },
  });
  const route = (name: string, dimensions: number): object => ({
    name,
    paths: [`/${name}`],
    plugins: [{ name: "ai-proxy-advanced", config: ai(dimensions) }],
  });
  const services = [{ name: "llm", url: "http://127.0.0.1:9", routes: [route("short", 512), route("long", 768)] }];
  writeFileSync(join(cwd, "kong.yaml"), JSON.stringify({ _format_version: "3.0", services }));
  const gemini = await startFakeUpstream({ reply: (request) => request.answer(404, {}, "{}") });
  onTestFinished(async () => await gemini.close());
  const places = ["generativelanguage.googleapis.com:443", "api.openai.com:443"];
  const redirections = places.flatMap((place) => ["--connect-to", `${place}=${gemini.origin}`]);
  const { code, out, err } = await runGw(["ping", "--json", ...redirections], { cwd });
  if (out === "") throw new Error(err);
  const { checks } = JSON.parse(out) as { checks: readonly Row[] };
  expect(code).toBe(1);
  expect(checks.filter(({ kind }) => kind === "plugin")).toMatchObject([
    {
      name: "ai-proxy-advanced of route short",
      ok: false,
      code: "GW_CONFIG_INVALID",
      message: expect.stringContaining("always returns 768 numbers"),
    },
  ]);
  expect(checks.map(({ kind }) => kind)).toEqual(["plugin", "embedding model", "provider"]);
});

describeWithOpenBao("gw ping", () => {
  describeWithRedis("with everything there", () => {
    let bao: OpenBao;
    let redis: RedisServer;
    let embeddings: FakeUpstream;
    let upstream: FakeUpstream;
    let cwd: string;

    beforeEach(async () => {
      cwd = tempDir();
      bao = await startOpenBao({ host: "127.61.8.7", folder: tempDir(), rootToken });
      redis = await startRedis({ host: "127.61.8.8", flags: ["--requirepass", redisPassword] });
      embeddings = await startFakeEmbeddings(1536);
      upstream = await startFakeUpstream();
      await writeSecret(bao, "openai", { key: openaiKey });
    });

    afterEach(async () => {
      await Promise.all([bao.stop(), redis.stop(), embeddings.close(), upstream.close()]);
      expectNoSecretHeard();
    });

    async function ping(
      config: string,
      ...args: readonly string[]
    ): Promise<GwRun & { readonly rows: readonly Row[] }> {
      writeFileSync(join(cwd, "kong.yaml"), config);
      const places = [
        `api.openai.com:443=${upstream.origin}`,
        `embeddings.test:80=${embeddings.origin}`,
        `plain.test:8080=${upstream.origin}`,
      ];
      const redirections = places.flatMap((place) => ["--connect-to", place]);
      const env = { ROOT_TOKEN: rootToken, REDIS_PASSWORD: redisPassword };
      const run = await runGw(["ping", ...redirections, ...args], { cwd, env });
      if (run.out === "") throw new Error(run.err);
      const { checks = [] } = args.includes("--json") ? (JSON.parse(run.out) as { checks: readonly Row[] }) : {};
      return { ...run, rows: checks };
    }

    const told = (rows: readonly Row[]): readonly (readonly [string, string, boolean])[] =>
      rows.map(({ kind, name, ok }) => [kind, name, ok]);

    it("names each part of the configuration, what answered, and asks for nothing that is billed", async () => {
      const { code, rows } = await ping(configuration({ vault: bao, redis }), "--json");
      const server = `Redis at ${redis.host}:${redis.port}`;
      expect(told(rows)).toEqual([
        ["vault", "hashicorp-vault (hcv)", true],
        ["secret", "{vault://hashicorp-vault/openai/key}", true],
        ["secret", "{vault://env/root-token}", true],
        ["secret", "{vault://env/redis-password}", true],
        ["embedding model", "openai/text-embedding-3-small", true],
        ["provider", "openai at https://api.openai.com", true],
        ["vector store", "redis", true],
        ["redis", server, true],
        ["service", "plain at http://plain.test:8080", true],
        ["service", "several at http://plain.test:8080", true],
      ]);
      expect(code).toBe(0);
      const messageOf = (wanted: string): string => rows.find(({ kind }) => kind === wanted)?.message ?? "";
      expect(messageOf("vault")).toBe("the token is valid");
      expect(messageOf("secret")).toBe("resolves, version 1");
      expect(messageOf("embedding model")).toBe("vectors of 8 numbers, as vectordb.dimensions says");
      expect(messageOf("vector store")).toMatch(/^Redis 8\.\d+\.\d+, used through redis-(search|vectorset)$/);
      expect(messageOf("redis")).toMatch(/^Redis 8\./);
      expect(rows.find(({ kind }) => kind === "embedding model")?.warnings).toEqual([
        expect.stringMatching(/^the descriptions of gpt-4o and gpt-4o-mini hardly differ \(distance 0\.\d\d\)/),
      ]);
      expect(upstream.requests).toEqual([]);
      expect(upstream.connections).toBe(3);
      expect(embeddings.requests).toHaveLength(1);
    });

    it("is a line each for people, and takes the store when no file is named", async () => {
      await ping(configuration({ vault: bao, redis }));
      expect((await runGw(["sync"], { cwd })).code).toBe(0);
      const { code, out, err } = await ping("{}");
      expect([code, err]).toEqual([0, expect.stringContaining("Using the store ")]);
      expect(out).toMatch(/^ok {6}store {12}\S*state\.db +\d+ ms {2}revision 1$/m);
      expect(out).toMatch(
        /^ok {6}secret {11}\{vault:\/\/hashicorp-vault\/openai\/key\} +\d+ ms {2}resolves, version 1$/m,
      );
      expect(out.trimEnd().split("\n").at(-1)).toBe("All 11 can be used.");
    });

    it("fails with a reason for each that cannot be used, and still tells the others", async () => {
      const redisAway = { host: "127.61.8.9", port: 1 };
      await embeddings.close();
      const config = configuration({ vault: bao, redis: redisAway, key: "other" });
      const { code, rows } = await ping(config, "--json");
      expect(code).toBe(1);
      expect(rows.filter(({ ok }) => !ok).map(({ kind, code: why, message }) => [kind, why, message])).toEqual([
        ["secret", "GW_SECRET_MISSING", expect.stringContaining("subfield other not found in JSON secret")],
        ["embedding model", "GW_SECRET_MISSING", expect.stringContaining("subfield other not found")],
        ["vector store", "GW_VECTOR_UNREACHABLE", expect.stringContaining("Check vectordb.redis")],
        ["redis", null, expect.stringContaining("ECONNREFUSED")],
      ]);
    });

    it("finds vectors of another length", async () => {
      const { code, rows } = await ping(
        configuration({ vault: bao, redis, model: "text-embedding-ada-002" }),
        "--json",
      );
      expect(code).toBe(1);
      expect(rows.filter(({ ok }) => !ok)).toMatchObject([
        { kind: "embedding model", code: "GW_EMBEDDING_FAILED", message: expect.stringContaining("1536") },
      ]);
    });

    it("waits for none longer than it is told", async () => {
      const silent = createServer().on("connection", (socket) => socket.on("error", () => {}));
      await new Promise<void>((resolve) => silent.listen(0, "127.61.8.9", resolve));
      onTestFinished(() => void silent.close());
      const redisSilent = { host: "127.61.8.9", port: (silent.address() as AddressInfo).port };
      const { code, rows } = await ping(
        configuration({ vault: bao, redis: redisSilent }),
        "--json",
        "--timeout",
        "0.5",
      );
      expect(code).toBe(1);
      expect(rows.filter(({ kind }) => kind === "vector store" || kind === "redis")).toMatchObject([
        { kind: "vector store", message: expect.stringContaining("did not answer within 0.5 s") },
        { kind: "redis", message: expect.stringContaining("did not answer within 0.5 s") },
      ]);
    });
  });
});

it("tells that the store cannot be read", async () => {
  const cwd = tempDir();
  writeFileSync(join(cwd, "other.db"), "no database");
  const { code, out, err } = await runGw(["ping", "--json", "--store", "other.db"], { cwd });
  expect([code, err]).toEqual([1, ""]);
  const message = expect.stringContaining("other.db is not a gw store") as string;
  expect(JSON.parse(out)).toMatchObject({
    ok: false,
    checks: [{ kind: "store", name: "other.db", ok: false, message }],
  });
});

it("refuses a timeout that is none", async () => {
  const { code, err } = await runGw(["ping", "--timeout", "soon"], { cwd: tempDir() });
  expect([code, err]).toEqual([1, expect.stringContaining("--timeout soon: give the seconds")]);
});
