import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, it, onTestFinished } from "vitest";
import { createAppRole, describeWithOpenBao, type OpenBao, startOpenBao, writeSecret } from "../services/openbao.ts";
import { type FakeUpstream, type ReceivedRequest, startFakeUpstream } from "../support/fake-upstream.ts";
import { type GwRun, runGw } from "../support/run-gw.ts";
import { expectNoSecretHeard, hear, markSecret } from "../support/secrecy.ts";
import { type ServedGw, serveGw } from "../support/serve-gw.ts";
import { tempDir } from "../support/temp-dir.ts";

// Everything that gw prints is heard by itself (run-gw.ts); answers and files are heard here. To add a secret: `planted`; a place where one
// may be kept: `configuration`; a command or a request: the lists below.

/** Characters that JSON, URLs and shells write differently. */
const planted = {
  oldKey: 'sk-canary-old/+"q"&=%20\\x',
  newKey: 'sk-canary-new/+"q"&=%20\\x',
  parameter: "canary-parameter/+&=%41",
  embeddingsKey: 'sk-canary-embeddings/+"e"',
  rootToken: "canary-root-token-77Rt",
  wrongToken: "canary-wrong-token-31Wt",
  ofEnvironment: 'canary-environment/+"e"',
  ofFile: "canary-mounted-file/+=",
  clientKey: "canary-client-key/+&=1",
  plainClientKey: "canary-plain-client-key-9Zy",
  redisPassword: 'canary-redis-password/+"r"',
  adminToken: "canary-admin-token-5Qs",
  unusable: "canary-first-line\ncanary-second-line",
} as const;

type Planted = Record<keyof typeof planted | "roleId" | "secretId", string>;

interface Places {
  readonly upstream: FakeUpstream;
  readonly vault: { readonly host: string; readonly port: number };
  /** Nobody listens there. */
  readonly nowhere: number;
  readonly mounted: string;
}

/** A vault that answers, one that refuses and one that is away; keys in a header, a query and a body, one that cannot be had, one that cannot be sent. */
function configuration({ upstream, vault, nowhere, mounted }: Places): string {
  const address = { host: vault.host, port: vault.port, kv: "v2" };
  const approle = { auth_method: "approle", approle_role_id: '${{ env "DECK_ROLE_ID" }}' };
  const header = (value: string): object => ({ header_name: "Authorization", header_value: value });
  const parameter = (location: string, value: string): object => ({
    param_name: "key",
    param_value: value,
    param_location: location,
  });
  const target = (name: string, auth: object, more: object = {}): object => ({
    route_type: "llm/v1/chat",
    auth,
    model: { provider: "openai", name, options: { upstream_url: `${upstream.origin}/${name}` } },
    ...more,
  });
  const route = (name: string, ai: object, plugins: readonly object[] = []): object => ({
    name,
    paths: [`/${name}`],
    plugins: [{ name: "ai-proxy-advanced", config: ai }, ...plugins],
  });
  const one = (name: string, auth: object): object => ({
    targets: [target(name, auth)],
    balancer: { algorithm: "round-robin" },
  });
  const semantic = {
    targets: [
      target("semantic", header("{vault://good/openai/key}"), { description: "programming" }),
      target("semantic", header("{vault://good/openai/key}"), { description: "CATCHALL" }),
    ],
    balancer: { algorithm: "semantic" },
    embeddings: {
      auth: header("{vault://good/openai/embeddings}"),
      model: {
        provider: "openai",
        name: "text-embedding-3-small",
        options: { upstream_url: `${upstream.origin}/embeddings` },
      },
    },
    vectordb: {
      strategy: "redis",
      dimensions: 8,
      distance_metric: "cosine",
      threshold: 0.8,
      redis: { host: "127.0.0.1", port: nowhere, password: "{vault://env/redis-password}" },
    },
    gw: { debug_header: true },
  };
  const limit = {
    name: "rate-limiting",
    config: { minute: 99, policy: "redis", redis: { port: nowhere, password: '${{ env "DECK_REDIS_PASSWORD" }}' } },
  };
  return JSON.stringify({
    _format_version: "3.0",
    vaults: [
      {
        name: "hcv",
        prefix: "good",
        config: { ...address, ...approle, approle_secret_id: '${{ env "DECK_SECRET_ID" }}' },
      },
      { name: "hcv", prefix: "refused", config: { ...address, token: '${{ env "DECK_WRONG_TOKEN" }}' } },
      { name: "hcv", prefix: "away", config: { ...address, port: nowhere, token: "{vault://env/wrong-token}" } },
      { name: "file", prefix: "mounted", config: { path: mounted } },
    ],
    consumers: [
      {
        username: "ada",
        keyauth_credentials: [{ key: "{vault://env/client-key}" }, { key: '${{ env "DECK_PLAIN_CLIENT_KEY" }}' }],
      },
      { username: "written", keyauth_credentials: [{ key: planted.plainClientKey }] },
    ],
    services: [
      {
        name: "llm",
        url: "http://127.0.0.1:9",
        routes: [
          route("header", one("header", header("{vault://good/openai/key}"))),
          route("query", one("query", parameter("query", "{vault://good/openai/parameter}"))),
          route("body", one("body", parameter("body", "{vault://env/of-environment}"))),
          route("mounted", one("mounted", header("{vault://mounted/key}"))),
          route("never", one("never", header("{vault://refused/openai/key}"))),
          route("away", one("away", header("{vault://away/openai/key}"))),
          route("unusable", one("unusable", header("{vault://good/openai/unusable}"))),
          route("known", one("known", header("{vault://good/openai/key}")), [{ name: "key-auth", config: {} }]),
          route("limited", one("limited", header("{vault://good/openai/key}")), [limit]),
          route("semantic", semantic),
        ],
      },
    ],
  });
}

const references = [
  "good/openai/key",
  "good/openai/absent",
  "good/absent/key",
  "refused/openai/key",
  "away/openai/key",
  "mounted/key",
  "mounted/absent",
  "env/of-environment",
  "env/absent",
  "nowhere/x",
].map((path) => `{vault://${path}}`);

/** Every one is run with GW_DEBUG=1, which adds stacks and causes. */
const commands: readonly (readonly string[])[] = [
  ["validate"],
  ["validate", "--json"],
  ["validate", "broken.yaml"],
  ["diff", "--json"],
  ["diff", "--body", "compact", "--out", "plan.json"],
  ["sync", "--plan", "plan.json", "--json"],
  ["sync", "changed.yaml", "--yes"],
  ["diff", "--json"],
  ["apply", "kong.yaml"],
  ["sync", "--yes"],
  ["dump"],
  ["dump", "--format", "json", "--with-id", "--no-skip-defaults", "-o", "dump.json"],
  ["history"],
  ["rollback", "--yes"],
  ["sync", "--yes"],
  ["ping"],
  ["ping", "--json", "--timeout", "3"],
  ["test-route", "Hello", "--route", "header", "--json"],
  ["test-route", "Hello", "--route", "semantic"],
  ["eval", "prompts.jsonl", "--route", "semantic"],
  ...references.flatMap((reference) => [
    ["vault", "get", reference],
    ["vault", "get", reference, "--json"],
  ]),
];

const files = ["plan.json", "dump.json", ".gw/state.db", ".gw/state.db-wal"];
const proxied = ["header", "query", "body", "mounted", "never", "away", "unusable", "known", "limited", "semantic"];
const ofAdmin = ["status", "status/ready", "status/secrets", "metrics", "services", "routes", "plugins"].concat([
  "consumers",
  "vaults",
  "upstreams",
  "vaults/good",
  "consumers/written",
]);

describeWithOpenBao("planted secrets", () => {
  it("stand in nothing that gw prints, answers or stores, in no encoding", async () => {
    const bao = await startOpenBao({ host: "127.61.8.2", folder: tempDir(), rootToken: planted.rootToken });
    onTestFinished(async () => await bao.stop());
    const secrets: Planted = { ...planted, ...(await createAppRole(bao, "secret/data/openai")) };
    for (const [name, value] of Object.entries(secrets)) if (name !== "roleId") markSecret(name, value);
    await store(bao, planted.oldKey);

    const provider = new Provider();
    const upstream = await startFakeUpstream({ reply: (request) => provider.answer(request) });
    onTestFinished(async () => await upstream.close());
    const cwd = tempDir();
    const mounted = tempDir();
    writeFileSync(join(mounted, "key"), planted.ofFile);
    const config = configuration({ upstream, vault: bao, nowhere: await freePort(), mounted });
    writeFileSync(join(cwd, "kong.yaml"), config);
    writeFileSync(join(cwd, "changed.yaml"), config.replaceAll(planted.plainClientKey, `${planted.plainClientKey}2`));
    writeFileSync(join(cwd, "broken.yaml"), config.replaceAll('"key-auth"', '"key-ath"'));
    writeFileSync(join(cwd, "prompts.jsonl"), '{"prompt":"Hello","expect":"CATCHALL"}\n');

    const env = environmentOf(secrets);
    const runs: GwRun[] = [];
    for (const command of commands) runs.push(await runGw(command, { cwd, env }));
    hearFiles(cwd);

    const gw = await serveGw(["--log-level", "debug"], { cwd, env });
    for (const path of [...proxied, "nowhere"]) await ask(gw, path);
    await store(bao, planted.newKey);
    provider.valid = planted.newKey;
    await ask(gw, "header");
    provider.valid = "another";
    await ask(gw, "header");
    await askAdmin(gw);
    await bao.stop();
    for (const path of proxied) await ask(gw, path);
    await askAdmin(gw);
    await gw.stop();

    const said = runs.map(({ out, err }) => out + err).join("\n") + gw.output();
    expectNoSecretHeard();
    provider.expectToHaveSeenAll();
    expect(runs.filter(({ code }) => code !== 0 && code !== 1)).toEqual([]);
    // Node's own words, such as those of too many listeners.
    expect(said).not.toContain("--trace-warnings");
    for (const mark of ["secret-replaced", "secret-refused", "GW_SECRET_DENIED", "GW_SECRET_UNREACHABLE"])
      expect(said).toContain(mark);
    for (const mark of ["GW_SECRET_UNUSABLE", "secret-in-plain-text", "[masked]"]) expect(said).toContain(mark);
  }, 180_000);

  it("stand in the arguments of no process, however many there are", async () => {
    const bao = await startOpenBao({ host: "127.61.8.2", folder: tempDir(), rootToken: planted.rootToken });
    onTestFinished(async () => await bao.stop());
    const secrets: Planted = { ...planted, ...(await createAppRole(bao, "secret/data/openai")) };
    for (const [name, value] of Object.entries(secrets)) if (name !== "roleId") markSecret(name, value);
    await store(bao, planted.oldKey);
    const provider = new Provider();
    const upstream = await startFakeUpstream({ reply: (request) => provider.answer(request) });
    onTestFinished(async () => await upstream.close());
    const cwd = tempDir();
    const config = configuration({ upstream, vault: bao, nowhere: await freePort(), mounted: tempDir() });
    writeFileSync(join(cwd, "kong.yaml"), config);
    const gw = await serveGw(["kong.yaml", "--workers", "2", "--log-level", "debug"], {
      cwd,
      env: environmentOf(secrets),
    });
    await ask(gw, "header");
    await askAdmin(gw);
    const pids = processesOf(gw.pid);
    expect(pids).toHaveLength(3);
    for (const pid of pids) for (const file of ["cmdline", "comm"]) hear(readFileSync(`/proc/${pid}/${file}`));
    expect(await gw.stop()).toBe(0);
    expectNoSecretHeard();
  }, 60_000);
});

/** Answers to one key at a time; embeddings quote the key that they refuse, as some vendors do. */
class Provider {
  valid: string = planted.oldKey;
  readonly #received: string[] = [];

  answer(request: ReceivedRequest): void {
    const key = String(request.headers["authorization"] ?? "").replace("Bearer ", "");
    this.#received.push(key, request.path, request.body.toString());
    const type = { "content-type": "application/json" };
    if (request.path.startsWith("/embeddings"))
      request.answer(401, type, JSON.stringify({ error: { message: `Incorrect API key provided: ${key}` } }));
    else if (request.path.startsWith("/header") && key !== this.valid) request.answer(401, type, "{}");
    else request.answer(200, type, "{}");
  }

  /** Otherwise nothing was shown by their absence. */
  expectToHaveSeenAll(): void {
    const { oldKey, newKey, embeddingsKey, ofFile, parameter, ofEnvironment } = planted;
    expect(this.#received).toEqual(expect.arrayContaining([oldKey, newKey, embeddingsKey, ofFile]));
    const everything = this.#received.join("\n");
    expect(everything).toContain(encodeURIComponent(parameter));
    expect(everything).toContain(JSON.stringify(ofEnvironment));
  }
}

async function store(bao: OpenBao, key: string): Promise<void> {
  const { parameter, embeddingsKey, unusable } = planted;
  await writeSecret(bao, "openai", { key, parameter, embeddings: embeddingsKey, unusable });
}

function environmentOf(secrets: Planted): Record<string, string> {
  return {
    GW_DEBUG: "1",
    GW_ADMIN_TOKEN: secrets.adminToken,
    DECK_ROLE_ID: secrets.roleId,
    DECK_SECRET_ID: secrets.secretId,
    DECK_WRONG_TOKEN: secrets.wrongToken,
    DECK_REDIS_PASSWORD: secrets.redisPassword,
    DECK_PLAIN_CLIENT_KEY: `${secrets.clientKey}2`,
    WRONG_TOKEN: secrets.wrongToken,
    REDIS_PASSWORD: secrets.redisPassword,
    CLIENT_KEY: secrets.clientKey,
    OF_ENVIRONMENT: secrets.ofEnvironment,
  };
}

async function ask(gw: ServedGw, path: string): Promise<void> {
  const headers = { "content-type": "application/json", apikey: planted.clientKey, "x-gw-debug": "route" };
  const body = '{"messages":[{"role":"user","content":"Hello"}]}';
  await hearAnswer(await fetch(`${gw.origin}/${path}`, { method: "POST", headers, body }));
}

async function askAdmin(gw: ServedGw): Promise<void> {
  for (const path of ofAdmin)
    for (const token of [planted.adminToken, planted.wrongToken])
      await hearAnswer(await fetch(`${gw.admin}/${path}`, { headers: { authorization: `Bearer ${token}` } }));
}

async function hearAnswer(response: Response): Promise<void> {
  hear(JSON.stringify([...response.headers]));
  hear(await response.text());
}

/** But for the keys that the files themselves hold, which the store keeps. */
function hearFiles(cwd: string): void {
  for (const file of files.map((name) => join(cwd, name)).filter((path) => existsSync(path))) {
    const content = readFileSync(file).toString("latin1");
    hear(file.includes("state.db") ? content.replaceAll(planted.plainClientKey, "") : content);
  }
}

/** The process, and all that it has started. */
function processesOf(pid: number): readonly number[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) =>
    readFileSync(`/proc/${pid}/task/${task}/children`, "utf8").split(" ").filter(Boolean).map(Number),
  );
  return [pid, ...children.flatMap(processesOf)];
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
