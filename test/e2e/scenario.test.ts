import { mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { startSimulators, type Simulators } from "../../src/demo/simulators.ts";
import type { Embedder } from "../../src/embeddings/embedder.ts";
import { createAppRole, describeWithOpenBao, type OpenBao, startOpenBao, writeSecret } from "../services/openbao.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../services/redis.ts";
import { openLocalEmbedder } from "../support/local-embedder.ts";
import { seedConfig, seedPrompts } from "../support/prompts.ts";
import { runGw } from "../support/run-gw.ts";
import { type ServedGw, serveGw } from "../support/serve-gw.ts";
import { tempDir } from "../support/temp-dir.ts";

const keys = { openai: "sk-scenario-openai-7Qx", mistral: "scenario-mistral-9Zt" };
const rootToken = "scenario-root-token-4Kd";
// The user's file fixes ports 6379 and 8200, so each server has an address of its own.
const redisHost = "127.61.7.1";
const vaultHost = "127.61.7.2";

/** The user's file, or a change of it, synced and served; the simulators stand for the providers. */
interface Scenario {
  readonly config: string;
  readonly env: Readonly<Record<string, string>>;
}

let embedder: Embedder;
let simulators: Simulators;

beforeAll(async () => {
  embedder = await openLocalEmbedder();
  simulators = await startSimulators({ keys, embedder });
});

afterAll(async () => {
  await simulators.close();
  await embedder.close();
});

function connectToFlags(): string[] {
  return [...simulators.connectTo].flatMap(([from, url]) => ["--connect-to", `${from}=${url.origin}`]);
}

async function syncAndServe({ config, env }: Scenario): Promise<{ gw: ServedGw; cwd: string }> {
  const cwd = tempDir();
  await writeFile(join(cwd, "kong.yaml"), config);
  const synced = await runGw(["sync", "kong.yaml"], { cwd, env });
  expect(synced).toMatchObject({ code: 0 });
  return { gw: await serveGw(connectToFlags(), { cwd, env }), cwd };
}

async function ask(
  gw: ServedGw,
  prompt: string,
  stream: boolean,
): Promise<{ header: string | null; model: string; text: string }> {
  const response = await fetch(`${gw.origin}/anything`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ role: "user", content: prompt }], stream }),
  });
  const text = await response.text();
  const document = stream
    ? (text
        .split("\n")
        .find((line) => line.startsWith("data: {"))
        ?.slice(6) ?? "{}")
    : text;
  return { header: response.headers.get("x-kong-llm-model"), model: String(JSON.parse(document).model), text };
}

/** All six prompts, both ways; the providers must have seen their own key and no other. */
async function expectSixOfSix(gw: ServedGw): Promise<void> {
  const seen = simulators.requests.length;
  for (const { prompt, expect: model } of seedPrompts) {
    for (const stream of [false, true]) {
      const answer = await ask(gw, prompt, stream);
      expect({ prompt, stream, model: answer.model, header: answer.header?.split("/")[1] }).toEqual({
        prompt,
        stream,
        model,
        header: model,
      });
      if (stream) expect(answer.text.trimEnd().endsWith("data: [DONE]")).toBe(true);
    }
  }
  const chats = simulators.requests.slice(seen).filter(({ path }) => path.endsWith("/chat/completions"));
  expect(chats).toHaveLength(2 * seedPrompts.length);
  for (const { provider, authorization } of simulators.requests.slice(seen)) {
    expect({ provider, authorization }).toEqual({
      provider,
      authorization: `Bearer ${provider === "mistral" ? keys.mistral : keys.openai}`,
    });
  }
}

describeWithRedis("the user's scenario", () => {
  describeWithOpenBao("with Redis 8 and OpenBao", () => {
    let redis: RedisServer;
    let vault: OpenBao;
    let vaultFolder: string;

    beforeAll(async () => {
      vaultFolder = mkdtempSync(join(tmpdir(), "gw-vault-"));
      [redis, vault] = await Promise.all([
        startRedis({ host: redisHost, port: 6379 }),
        startOpenBao({ host: vaultHost, port: 8200, folder: vaultFolder, rootToken }),
      ]);
      await writeSecret(vault, "openai", { key: keys.openai });
      await writeSecret(vault, "mistral", { key: keys.mistral });
    });

    afterAll(async () => {
      await Promise.all([redis.stop(), vault.stop()]);
      rmSync(vaultFolder, { recursive: true, force: true });
    });

    it("answers the six prompts with the expected models, by a vault token", async () => {
      const env = { DECK_REDIS_HOST: redisHost, DECK_VAULT_HOST: vaultHost, DECK_VAULT_TOKEN: rootToken };
      const { gw, cwd } = await syncAndServe({ config: await readFile(seedConfig, "utf8"), env });
      await expectSixOfSix(gw);
      const decision = await runGw(["test-route", "What is the derivative of sin(x)?", "--json", ...connectToFlags()], {
        cwd,
        env,
      });
      expect(JSON.parse(decision.out)).toMatchObject({
        schema_version: 1,
        route: "example-route",
        service: "example-service",
        plugin: { name: "ai-proxy-advanced", scope: "global" },
        vectordb: { strategy: "redis", metric: "cosine", threshold: 0.8 },
        selected: { index: 1, provider: "openai", model: "gpt-4o", reason: "nearest" },
        upstream: {
          url: "https://api.openai.com/v1/chat/completions",
          auth: { name: "Authorization", reference: "{vault://hashicorp-vault/openai/key}", resolved: true },
        },
      });
      expect(await gw.stop()).toBe(0);
      for (const secret of [keys.openai, keys.mistral, rootToken])
        expect(gw.output() + decision.out + decision.err).not.toContain(secret);
    });

    it("answers them by AppRole", async () => {
      const { roleId, secretId } = await createAppRole(vault, "secret/data/*", { token_ttl: "1h" });
      const env = {
        DECK_REDIS_HOST: redisHost,
        DECK_VAULT_HOST: vaultHost,
        DECK_ROLE_ID: roleId,
        DECK_SECRET_ID: secretId,
      };
      const config = (await readFile(seedConfig, "utf8")).replace(
        /^( *)token: .*$/m,
        '$1auth_method: approle\n$1approle_role_id: ${{ env "DECK_ROLE_ID" }}\n$1approle_secret_id: ${{ env "DECK_SECRET_ID" }}',
      );
      const { gw } = await syncAndServe({ config, env });
      await expectSixOfSix(gw);
      expect(await gw.stop()).toBe(0);
      expect(gw.output()).not.toContain(secretId);
    });
  });
});

describeWithOpenBao("the user's scenario without Redis and without OpenAI's embeddings", () => {
  it("answers the six prompts with the local encoder and the memory store", async () => {
    const vault = await startOpenBao({ host: "127.61.7.3", port: 8200, folder: tempDir(), rootToken });
    await writeSecret(vault, "openai", { key: keys.openai });
    await writeSecret(vault, "mistral", { key: keys.mistral });
    const env = { DECK_VAULT_HOST: "127.61.7.3", DECK_VAULT_TOKEN: rootToken };
    const { gw } = await syncAndServe({ config: localVariant(await readFile(seedConfig, "utf8")), env });
    const seen = simulators.requests.length;
    await expectSixOfSix(gw);
    expect(simulators.requests.slice(seen).some(({ path }) => path.endsWith("/embeddings"))).toBe(false);
    expect(await gw.stop()).toBe(0);
    await vault.stop();
  });
});

/** The embedder and the store alone differ. */
function localVariant(seed: string): string {
  return seed
    .replace(
      /^ {8}auth:\n {10}header_name: .*\n {10}header_value: .*\n {8}model:\n {10}provider: openai\n {10}name: text-embedding-3-small\n/m,
      "        model:\n          provider: local\n          name: universal-sentence-encoder-lite\n",
    )
    .replace("dimensions: 1536", "dimensions: 512")
    .replace("strategy: redis", "strategy: memory")
    .replace(/^ {8}redis:\n {10}host: .*\n {10}port: .*\n/m, "");
}
