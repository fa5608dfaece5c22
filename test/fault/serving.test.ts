import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { type Answer, askChat, request } from "../support/ask.ts";
import {
  aiConfig,
  changed,
  type Providers,
  providerKeys,
  startProviders,
  withoutCatchall,
  withRoute,
  writeConfig,
} from "../support/providers.ts";
import { expectNoSecretHeard, hear, markSecret } from "../support/secrecy.ts";
import { type ServedGw, serveGw } from "../support/serve-gw.ts";
import {
  createToken,
  describeWithOpenBao,
  startDurableOpenBao,
  startOpenBao,
  writeSecret,
} from "../services/openbao.ts";
import {
  describeWithPlainRedis,
  describeWithRedis,
  type RedisServer,
  startRedis,
  startRedisWithoutVectors,
} from "../services/redis.ts";

const math = "What is the derivative of sin(x)?";
const code = "How can I build a REST API using Flask?";
const chatPath = "/v1/chat/completions";

let providers: Providers;
let folder: string;

beforeAll(async () => {
  providers = await startProviders();
});

afterAll(async () => {
  await providers.close();
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "gw-fault-"));
});

afterEach(async () => {
  for (const simulator of [providers.openai, providers.mistral]) {
    simulator.behave({});
    await simulator.accept();
  }
  expectNoSecretHeard();
  rmSync(folder, { recursive: true });
});

async function serve(config: string, env: Readonly<Record<string, string>> = providers.env): Promise<ServedGw> {
  writeConfig(folder, config);
  const gw = await serveGw([...providers.flags, "kong.yaml"], { cwd: folder, env });
  onTestFinished(async () => {
    await gw.stop();
    hear(gw.output());
    expect(gw.output()).not.toContain("gw-bug");
  });
  return gw;
}

/** The first notice of that code, which must say so. */
async function expectNotice(gw: ServedGw, noticeCode: string, message: RegExp): Promise<void> {
  const line = await gw.logLine((each) => each["code"] === noticeCode && message.test(String(each["msg"])));
  expect(line["level"]).toBe("warn");
}

function expectModel(answer: Answer, model: string): void {
  expect({ status: answer.status, model: answer.headers.get("x-kong-llm-model") }).toEqual({ status: 200, model });
}

async function untilReady(gw: ServedGw): Promise<void> {
  await expect.poll(async () => (await request(`${gw.admin}/status/ready`)).status, { timeout: 15_000 }).toBe(200);
}

describe("a provider that is down", () => {
  it("is stepped over for the next target, whether or not prompts can be embedded", async () => {
    const gw = await serve(aiConfig);
    expectModel(await askChat(gw.origin, math), "openai/gpt-4o");
    await providers.openai.refuse();
    // The first was embedded before; the other has to do without.
    const known = await askChat(gw.origin, math);
    expectModel(known, "mistral/mistral-tiny");
    expect(known.headers.get("x-gw-attempts")).toBe("2");
    const unknown = await askChat(gw.origin, code);
    expectModel(unknown, "mistral/mistral-tiny");
    expect(unknown.headers.get("x-gw-warnings")).toBe("embedding-away");
    await expectNotice(
      gw,
      "embedding-away",
      /A prompt went to CATCHALL without being compared: .*api\.openai\.com:443/,
    );

    await providers.openai.accept();
    await expect
      .poll(async () => (await askChat(gw.origin, math)).headers.get("x-kong-llm-model"))
      .toBe("openai/gpt-4o");
  });

  it("is a 502 that names it when no target is left", async () => {
    const gw = await serve(aiConfig);
    await providers.openai.refuse();
    await providers.mistral.refuse();
    const answer = await askChat(gw.origin, math);
    expect(answer).toMatchObject({
      status: 502,
      json: { error: { type: "server_error", code: "gw_upstream_connect" } },
    });
    expect(answer.text).toContain("api.mistral.ai:443");
    await expectNotice(gw, "gw-upstream-connect", /api\.mistral\.ai:443/);
  });

  it("breaks off a whole answer: the client gets a 502, not half an answer", async () => {
    const gw = await serve(aiConfig);
    expectModel(await askChat(gw.origin, math), "openai/gpt-4o");
    providers.openai.behave({ path: chatPath, delayMs: 600_000 });
    const before = providers.requests.length;
    const answer = askChat(gw.origin, math);
    await providers.until((each) => each.path === chatPath && providers.requests.indexOf(each) >= before);
    await providers.openai.refuse();
    expect(await answer).toMatchObject({ status: 502, json: { error: { code: "gw_upstream_reset" } } });
  });

  it("never answers: a 504 after read_timeout, which says so", async () => {
    const gw = await serve(
      changed(aiConfig, ["algorithm: semantic", "algorithm: semantic\n        read_timeout: 200"]),
    );
    providers.openai.behave({ path: chatPath, delayMs: 600_000 });
    const answer = await askChat(gw.origin, math);
    expect(answer).toMatchObject({ status: 504, json: { error: { code: "gw_upstream_timeout" } } });
  });

  it("refuses the configured key: the provider's 401 is passed on, and its key is not", async () => {
    const gw = await serve(aiConfig, {
      ...providers.env,
      GW_DEMO_MISTRAL: JSON.stringify({ key: markSecret("a wrong key", "planted-wrong-2Ls") }),
    });
    const answer = await askChat(gw.origin, "What is Wulfila Bible?");
    expect(answer).toMatchObject({ status: 401, json: { detail: "Unauthorized" } });
  });
});

describe("an embedding service", () => {
  const quick = ["debug_header: true", "debug_header: true\n        embedding_timeout_ms: 200"] as const;

  it("that is away sends prompts to CATCHALL, and is used again as soon as it is back", async () => {
    providers.openai.behave({ path: "/v1/embeddings", status: 500 });
    const gw = await serve(changed(aiConfig, quick));
    expect(gw.output()).toContain("Warning: target descriptions are not embedded: ");
    const answer = await askChat(gw.origin, math);
    expectModel(answer, "mistral/mistral-tiny");
    expect(answer.headers.get("x-gw-warnings")).toBe("embedding-away");
    await expectNotice(gw, "embedding-away", /^Target descriptions could not be embedded: .* It is tried again\./);
    expect(await request(`${gw.admin}/status/ready`)).toMatchObject({ status: 503 });

    providers.openai.behave({});
    await untilReady(gw);
    expectModel(await askChat(gw.origin, math), "openai/gpt-4o");
  });

  it("that hangs holds no request longer than embedding_timeout_ms", async () => {
    const gw = await serve(changed(aiConfig, quick));
    providers.openai.behave({ path: "/v1/embeddings", delayMs: 600_000 });
    const answers = await Promise.all([math, code, "Hello"].map(async (prompt) => await askChat(gw.origin, prompt)));
    for (const answer of answers) expectModel(answer, "mistral/mistral-tiny");
    await expectNotice(gw, "embedding-away", /embedding took too long/);
  });

  it("that is away is a 503 where there is no CATCHALL", async () => {
    const gw = await serve(withRoute(aiConfig, "strict", ...withoutCatchall, quick));
    providers.openai.behave({ path: "/v1/embeddings", status: 429 });
    const answer = await askChat(gw.origin, math, { path: "/strict" });
    expect(answer).toMatchObject({ status: 503, json: { error: { code: "gw_embedding_failed" } } });
    expect(answer.text).toContain("The prompt could not be compared with the targets: ");
  });
});

/** The configuration with its vectors in a Redis. */
function withRedis({ host, port }: RedisServer): string {
  return changed(aiConfig, [
    "strategy: memory",
    `strategy: redis\n        redis:\n          host: ${host}\n          port: ${port}`,
  ]);
}

describeWithPlainRedis("a Redis without vectors", () => {
  it("is said in the log, and the copy in memory answers", async () => {
    const redis = await startRedisWithoutVectors({ host: "127.66.11.1" });
    onTestFinished(async () => await redis.stop());
    const gw = await serve(withRedis(redis));
    const answer = await askChat(gw.origin, math);
    expectModel(answer, "openai/gpt-4o");
    expect(answer.headers.get("x-gw-warnings")).toBe("vector-store-away");
    await expectNotice(
      gw,
      "vector-store-away",
      /has neither RediSearch nor vector sets\. Use Redis 8 or Redis Stack, or vectordb\.strategy: memory\./,
    );
  });
});

describeWithRedis("a Redis that stops", () => {
  it.each(["stop", "freeze"] as const)(
    "%s: requests go on by the copy in memory, and use it again when it is back",
    async (how) => {
      const redis = await startRedis({ host: how === "stop" ? "127.66.11.2" : "127.66.11.3" });
      onTestFinished(async () => await redis.stop());
      const gw = await serve(withRedis(redis));
      const first = await askChat(gw.origin, math);
      expectModel(first, "openai/gpt-4o");
      expect(first.headers.get("x-gw-warnings")).toBeNull();

      await (how === "stop" ? redis.stop() : redis.freeze());
      const without = await askChat(gw.origin, code);
      expectModel(without, "openai/gpt-3.5-turbo");
      expect(without.headers.get("x-gw-warnings")).toBe("vector-store-away");
      await expectNotice(
        gw,
        "vector-store-away",
        /^Targets are chosen by the copy in memory until the vector store is back: .*127\.66\.11\.\d:\d+/,
      );

      await (how === "stop" ? redis.start() : redis.thaw());
      let count = 0;
      // Another text each time: what was answered before is remembered.
      const warning = async (): Promise<string | null> =>
        (await askChat(gw.origin, `${code} ${(count += 1)}`)).headers.get("x-gw-warnings");
      await expect.poll(warning, { timeout: 30_000 }).toBeNull();
    },
    40_000,
  );
});

/** The configuration with its keys in a Vault. */
function withVault({ host, port }: { readonly host: string; readonly port: number }): string {
  const from = aiConfig.slice(aiConfig.indexOf("  - name: env"), aiConfig.indexOf("services:"));
  const to = [
    "  - name: hcv",
    "    prefix: hashicorp-vault",
    "    config:",
    "      protocol: http",
    `      host: ${host}`,
    `      port: ${port}`,
    "      mount: secret",
    "      kv: v2",
    '      token: ${{ env "DECK_VAULT_TOKEN" }}',
    "",
  ];
  return changed(aiConfig, [from, to.join("\n")]);
}

describeWithOpenBao("a Vault", () => {
  const rootToken = markSecret("the root token", "planted-root-token-4Kd/8+");

  /** 503 to the client, without the reason; the reason in the log and in /status/ready. */
  async function expectNoKeys(gw: ServedGw, noticeCode: string, reason: RegExp): Promise<void> {
    const answer = await askChat(gw.origin, math);
    expect(answer).toMatchObject({
      status: 503,
      json: { error: { message: "An unexpected error occurred", type: "server_error" } },
    });
    await expectNotice(gw, noticeCode, reason);
    const ready = await request(`${gw.admin}/status/ready`);
    expect(ready.status).toBe(503);
    expect(ready.text).toContain("{vault://hashicorp-vault/openai/key} is not resolved");
    expect(gw.output()).toContain("Warning: {vault://hashicorp-vault/openai/key} is not resolved");
  }

  it("that is sealed leaves the gateway not ready until it is unsealed; sealed again, keys in memory serve on", async () => {
    const vault = await startDurableOpenBao({ host: "127.66.11.4", folder });
    onTestFinished(async () => await vault.stop());
    markSecret("a durable root token", vault.rootToken);
    await writeSecret(vault, "openai", { key: providerKeys.openai });
    await writeSecret(vault, "mistral", { key: providerKeys.mistral });
    await vault.seal();
    const gw = await serve(withVault(vault), { DECK_VAULT_TOKEN: vault.rootToken });
    await expectNoKeys(gw, "gw-secret-unreachable", /sealed/i);

    await vault.unseal();
    await expect.poll(async () => (await askChat(gw.origin, math)).status, { timeout: 15_000 }).toBe(200);
    await untilReady(gw);
    expectModel(await askChat(gw.origin, math), "openai/gpt-4o");

    await vault.seal();
    expectModel(await askChat(gw.origin, code), "openai/gpt-3.5-turbo");
  });

  it("that refuses an expired token says what to do", async () => {
    const vault = await startOpenBao({ host: "127.66.11.5", folder, rootToken });
    onTestFinished(async () => await vault.stop());
    await writeSecret(vault, "openai", { key: providerKeys.openai });
    await writeSecret(vault, "mistral", { key: providerKeys.mistral });
    const token = markSecret("an expired token", await createToken(vault, "secret/data/*", "1h"));
    await vault.request("POST", "auth/token/revoke", { token });
    const gw = await serve(withVault(vault), { DECK_VAULT_TOKEN: token });
    await expectNoKeys(gw, "gw-secret-denied", /token/i);
  });

  it("that is not there when gw starts is used as soon as it is", async () => {
    const address = { host: "127.66.11.6", port: 18_200 };
    const gw = await serve(withVault(address), { DECK_VAULT_TOKEN: rootToken });
    await expectNoKeys(
      gw,
      "gw-secret-unreachable",
      /Vault at http:\/\/127\.66\.11\.6:18200 refused the connection\. Check that it runs, and host and port\./,
    );

    const vault = await startOpenBao({ ...address, folder, rootToken });
    onTestFinished(async () => await vault.stop());
    await writeSecret(vault, "openai", { key: providerKeys.openai });
    await writeSecret(vault, "mistral", { key: providerKeys.mistral });
    await untilReady(gw);
    expectModel(await askChat(gw.origin, math), "openai/gpt-4o");
  });
});
