import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { Redis } from "ioredis";
import { describeWithRedis, freePort, type RedisServer, startRedis, startSentinel } from "../services/redis.ts";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { serveYaml } from "../support/serve-yaml.ts";

const tlsFile = (name: string): string =>
  fileURLToPath(new URL(`../../fixtures/tls/api.openai.test.${name}.pem`, import.meta.url));

/** Whole gateways on a real Redis: as it may be reached, several at once, and changed while they serve. */
describeWithRedis("gateways on Redis", () => {
  let redis: RedisServer;
  let provider: FakeUpstream;
  beforeAll(async () => {
    redis = await startRedis({ host: "127.0.44.1" });
    const choices = [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }];
    const answer = JSON.stringify({ id: "x", object: "chat.completion", model: "m", choices });
    provider = await startFakeUpstream({
      reply: (request) => request.answer(200, { "content-type": "application/json" }, answer),
    });
  });
  afterAll(async () => {
    await redis.stop();
    await provider.close();
  });

  const target = (name: string, description: string): string => `        - route_type: llm/v1/chat
          model: { provider: openai, name: ${name}, options: { upstream_url: "${provider.origin}/v1/chat/completions" } }
          description: ${description}`;

  const yaml = (block: object, [first, second]: readonly [string, string] = ["programming", "mathematics"]): string => `
services:
  - name: ai
    url: http://example.test
    routes: [{ name: chat, paths: [/chat] }]
plugins:
  - name: ai-proxy-advanced
    config:
      balancer: { algorithm: semantic }
      embeddings: { model: { provider: local, name: universal-sentence-encoder-lite } }
      vectordb:
        strategy: redis
        dimensions: 512
        distance_metric: cosine
        threshold: 0.9
        redis: ${JSON.stringify(block)}
      gw: { rule: literal }
      targets:
${target("one", first)}
${target("two", second)}
${target("rest", "CATCHALL")}`;

  const at = (server: RedisServer): object => ({ host: server.host, port: server.port });

  async function ask(
    port: number,
    prompt: string,
  ): Promise<{ readonly model: string | null; readonly isAway: boolean }> {
    const response = await fetch(`http://127.0.0.1:${port}/chat`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ messages: [{ role: "user", content: prompt }] }),
    });
    await response.arrayBuffer();
    expect(response.status).toBe(200);
    const { headers } = response;
    return { model: headers.get("x-kong-llm-model"), isAway: headers.get("x-gw-warnings") !== null };
  }

  async function serve(block: object) {
    const gateway = await serveYaml(yaml(block));
    onTestFinished(async () => await gateway.close());
    return gateway;
  }

  it("reach it over TLS, as a user who may do no more than is needed", async () => {
    const host = "127.0.44.2";
    const port = await freePort(host);
    const files = ["cert", "key"].flatMap((name) => [`--tls-${name}-file`, tlsFile(name)]);
    const tls = [
      "--tls-port",
      String(port),
      ...files,
      "--tls-ca-cert-file",
      tlsFile("cert"),
      "--tls-auth-clients",
      "no",
    ];
    const encrypted = await startRedis({ host, flags: tls });
    onTestFinished(async () => await encrypted.stop());
    const admin = new Redis({ host, port: encrypted.port });
    const may = ["+@connection", "+info", "+command", "+vadd", "+vsim", "+vrem", "+vcard", "+vrandmember"];
    const alsoMay = ["+get", "+set", "+scan", "+unlink", "+select"];
    await admin.call("ACL", "SETUSER", "gw", "on", ">gw-Password-1", "~gw:*", "-@all", ...may, ...alsoMay);
    admin.disconnect();
    const login = { username: "gw", password: "gw-Password-1" };
    const gateway = await serve({ host, port, ...login, ssl: true, ssl_verify: false });
    expect(await ask(gateway.port, "Write a function in Python")).toEqual({ model: "openai/one", isAway: false });
  });

  it("find the master by its Sentinels", async () => {
    const sentinel = await startSentinel(redis, "127.0.44.3");
    onTestFinished(async () => await sentinel.stop());
    const nodes = [{ host: sentinel.host, port: sentinel.port }];
    const gateway = await serve({ sentinel_master: "gw-master", sentinel_role: "master", sentinel_nodes: nodes });
    expect(await ask(gateway.port, "Write a function in Python")).toEqual({ model: "openai/one", isAway: false });
  });

  it("start at once and share one index", async () => {
    const gateways = await Promise.all([1, 2, 3, 4].map(async () => await serve(at(redis))));
    for (const { port } of gateways)
      expect(await ask(port, "Solve the equation 2x + 3 = 7")).toEqual({ model: "openai/two", isAway: false });
  });

  it("are given another configuration under load: every request is answered, and soon by the new one", async () => {
    const gateway = await serve(at(redis));
    const state = { isDone: false };
    let asked = 0;
    const load = Array.from({ length: 8 }, async (_, client) => {
      while (!state.isDone) {
        asked += 1;
        const { model } = await ask(gateway.port, `Write function number ${asked} in Python, please, client ${client}`);
        expect(["openai/one", "openai/two"]).toContain(model);
      }
    });
    for (const descriptions of [
      ["mathematics", "programming"],
      ["programming", "mathematics"],
    ] as const) {
      const before = asked;
      await gateway.server.swap(await gateway.build(yaml(at(redis), descriptions)));
      await vi.waitFor(() => expect(asked).toBeGreaterThan(before + 20), { timeout: 10_000 });
    }
    state.isDone = true;
    await Promise.all(load);
    await gateway.server.swap(await gateway.build(yaml(at(redis), ["mathematics", "programming"])));
    expect(await ask(gateway.port, "Write a function in Rust")).toEqual({ model: "openai/two", isAway: false });
  });
});
