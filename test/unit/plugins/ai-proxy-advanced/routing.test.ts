import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { AiProxyAdvancedConfig } from "../../../../src/config/types.ts";
import { subscribe } from "../../../../src/observability/events.ts";
import { type AiPlugin, aiConfig, aiTarget, startAiPlugin } from "../../../support/ai-plugin.ts";
import { type FakeUpstream, startFakeUpstream } from "../../../support/fake-upstream.ts";

let upstream: FakeUpstream;
let running: AiPlugin | undefined;

beforeEach(async () => {
  upstream = await startFakeUpstream({
    reply: (request) =>
      request.answer(200, { "content-type": "application/json" }, `{"choices":[],"echo":${request.body.toString()}}`),
  });
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  await upstream.close();
});

async function start(config: AiProxyAdvancedConfig): Promise<AiPlugin> {
  running = await startAiPlugin(config);
  return running;
}

const seedTargets = () => [
  aiTarget(upstream.origin, { name: "coder", description: "code" }),
  aiTarget(upstream.origin, { name: "mathematician", description: "maths" }),
  aiTarget(upstream.origin, {
    name: "rest",
    model: {
      provider: "mistral",
      name: "rest",
      options: { azure_api_version: "", upstream_url: `${upstream.origin}/m` },
    },
  }),
];

const sentModel = (): unknown =>
  (JSON.parse(upstream.requests.at(-1)?.body.toString() ?? "{}") as { model?: unknown }).model;

describe("the choice", () => {
  test("each prompt goes to the target whose description is nearest, else to CATCHALL", async () => {
    const { ask } = await start(aiConfig(seedTargets()));
    for (const [prompt, model] of [
      ["some code", "openai/coder"],
      ["some maths", "openai/mathematician"],
      ["some tea", "mistral/rest"],
    ] as const) {
      const response = await ask(prompt, { model: "auto" });
      expect(response.status).toBe(200);
      expect(response.headers.get("x-kong-llm-model")).toBe(model);
      expect(`${model.split("/")[0]}/${String(sentModel())}`).toBe(model);
    }
  });

  test("nothing within the threshold and no CATCHALL names the nearest", async () => {
    const { ask } = await start(aiConfig(seedTargets().slice(0, 2)));
    const response = await ask("some tea");
    expect(response.status).toBe(503);
    expect(await response.text()).toContain(
      "No target can be found under threshold 0.8: the nearest is targets[0] at distance 1.0000",
    );
    expect(upstream.requests).toHaveLength(0);
  });

  test("a threshold of the target's own replaces that of the plugin", async () => {
    const [coder, ...others] = seedTargets();
    if (coder === undefined) throw new Error("no target");
    const { ask } = await start(aiConfig([{ ...coder, gw: { client_params: false, threshold: 1 } }, ...others]));
    expect((await ask("some tea")).headers.get("x-kong-llm-model")).toBe("openai/coder");
  });

  test("an alias narrows the candidates; another model of the client is replaced", async () => {
    const [coder, mathematician, rest] = seedTargets();
    if (coder === undefined || mathematician === undefined || rest === undefined) throw new Error("no target");
    const alias = (target: typeof coder, name: string) => ({
      ...target,
      model: { ...target.model, model_alias: name },
    });
    const { ask } = await start(aiConfig([alias(coder, "small"), mathematician, alias(rest, "small")]));
    expect((await ask("some maths", { model: "small" })).headers.get("x-kong-llm-model")).toBe("mistral/rest");
    expect((await ask("some maths", { model: "else" })).headers.get("x-kong-llm-model")).toBe("openai/mathematician");
  });

  test("strict_model refuses another model in Kong's words", async () => {
    const { ask } = await start(aiConfig(seedTargets(), { gw: { strict_model: true } }));
    const refused = await ask("some code", { model: "gpt-4o" });
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { error: { message: "cannot use own model - must be: coder" } },
    ]);
    expect((await ask("some code", { model: "coder" })).status).toBe(200);
    expect((await ask("some code")).status).toBe(200);
  });

  test("an embedder that is away sends to CATCHALL, and says so", async () => {
    const { ask, embedder, notices } = await start(aiConfig(seedTargets()));
    embedder.state = "away";
    const response = await ask("some code");
    expect(response.headers.get("x-kong-llm-model")).toBe("mistral/rest");
    expect(response.headers.get("x-gw-warnings")).toBe("embedding-away");
    expect(notices.map((notice) => notice.code)).toContain("embedding-away");
  });

  test("an embedder that is away is an error without CATCHALL, or where the configuration says so", async () => {
    const { ask, embedder } = await start(aiConfig(seedTargets(), { gw: { on_embedding_failure: "error" } }));
    embedder.state = "away";
    const response = await ask("some code");
    expect([response.status, await response.json()]).toMatchObject([503, { error: { code: "GW_EMBEDDING_FAILED" } }]);
  });

  test("a vector store that is away does not stop routing", async () => {
    const { ask, store } = await start(
      aiConfig(seedTargets(), {
        vectordb: { strategy: "redis", dimensions: 3, distance_metric: "cosine", threshold: 0.8 },
      }),
    );
    store.state = "away";
    const response = await ask("some code");
    expect(response.headers.get("x-kong-llm-model")).toBe("openai/coder");
    expect(response.headers.get("x-gw-warnings")).toBe("vector-store-away");
  });

  test("the same text is embedded once", async () => {
    const { ask, embedder } = await start(aiConfig(seedTargets()));
    await ask("some code");
    const calls = embedder.calls.length;
    await ask("some code");
    expect(embedder.calls).toHaveLength(calls);
  });

  test.each([true, false])(
    "a lookup of a text is told once, whether the store is there (%s) or not",
    async (isThere) => {
      const vectordb = { strategy: "redis", dimensions: 3, distance_metric: "cosine", threshold: 0.8 } as const;
      const { ask, store, plugin } = await start(aiConfig(seedTargets(), { vectordb }));
      await plugin.warm?.(AbortSignal.timeout(5000));
      if (!isThere) store.state = "away";
      const lookups: boolean[] = [];
      onTestFinished(subscribe("embedding-lookup", ({ isCached }) => lookups.push(isCached)));
      for (const text of ["some code", "some code", "some maths", "some code"]) await ask(text);
      expect(lookups).toEqual([false, true, false, true]);
    },
  );

  test("X-GW-Route is given on demand, and only where it is allowed", async () => {
    const open = await start(aiConfig(seedTargets(), { gw: { debug_header: true } }));
    expect((await open.ask("some code", {}, { "x-gw-debug": "route" })).headers.get("x-gw-route")).toBe(
      "nearest; target=0; distance=0.0000; threshold=0.8",
    );
    expect((await open.ask("some tea", {}, { "x-gw-debug": "route" })).headers.get("x-gw-route")).toBe(
      "catchall; target=2",
    );
    expect((await open.ask("some code")).headers.has("x-gw-route")).toBe(false);
    await open.close();
    const closed = await start(aiConfig(seedTargets()));
    expect((await closed.ask("some code", {}, { "x-gw-debug": "route" })).headers.has("x-gw-route")).toBe(false);
  });

  test("the log has provider, model, reason, distance and target", async () => {
    const { ask, server } = await start(aiConfig(seedTargets()));
    await ask("some code");
    expect(server.finished[0]?.ai).toMatchObject({
      provider: "openai",
      model: "coder",
      reason: "nearest",
      distance: 0,
      target: 0,
      attempts: 1,
    });
  });

  test("usage is logged where statistics are asked for", async () => {
    const usage = { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 };
    const counting = await startFakeUpstream({
      reply: (request) => request.answer(200, {}, JSON.stringify({ choices: [], usage })),
    });
    const { ask, server } = await start(
      aiConfig([aiTarget(counting.origin, { logging: { log_statistics: true, log_payloads: false } })]),
    );
    await (await ask("tea")).text();
    expect(server.finished[0]?.ai).toMatchObject({ reason: "catchall", usage });
    await counting.close();
  });
});

describe("warm and problems", () => {
  test("nothing is missing when descriptions are embedded and keys resolved", async () => {
    const { plugin } = await start(aiConfig(seedTargets()));
    expect(plugin.problems?.()).toEqual([]);
  });
});

const bareAuth = {
  header_name: "Authorization",
  allow_override: false,
  azure_use_managed_identity: false,
  gcp_use_service_account: false,
};

describe("explain", () => {
  test("tells what handle would do, without sending it", async () => {
    const { plugin } = await start(aiConfig(seedTargets()));
    const request = { method: "POST", path: "/", query: "", rawHeaders: [], header: () => undefined };
    const body = Buffer.from('{"messages":[{"role":"user","content":"some maths"}]}');
    const explained = await plugin.explain?.({ request, body, signal: new AbortController().signal });
    expect(explained).toMatchObject({
      text: "some maths",
      balancer: "semantic",
      embedding: { provider: "local", model: "axes", dimensions: 3, cached: false },
      vectordb: { strategy: "memory", metric: "cosine", threshold: 0.8, answered_by: "fake" },
      candidates: [
        {
          index: 0,
          provider: "openai",
          model: "coder",
          description: "code",
          distance: 1,
          similarity: 0,
          within_threshold: false,
          score: null,
          available: true,
        },
        { index: 1, model: "mathematician", distance: 0, similarity: 1, within_threshold: true },
        {
          index: 2,
          provider: "mistral",
          description: "CATCHALL",
          distance: null,
          similarity: null,
          within_threshold: false,
          score: null,
        },
      ],
      selected: { index: 1, provider: "openai", model: "mathematician", reason: "nearest" },
      order: [1, 2],
      upstream: {
        method: "POST",
        url: `${upstream.origin}/v1/chat/completions`,
        auth: { in: "header", name: "Authorization", reference: "{vault://v/key}", resolved: true },
      },
      warnings: [],
    });
    expect(upstream.requests).toHaveLength(0);
    expect(JSON.stringify(explained)).not.toContain("sk-marked");
  });

  test("a key that does not resolve is no failure", async () => {
    const { plugin } = await start(
      aiConfig([aiTarget(upstream.origin, { auth: { ...bareAuth, header_value: "{vault://v/none}" } })]),
    );
    const request = { method: "POST", path: "/", query: "", rawHeaders: [], header: () => undefined };
    const body = Buffer.from('{"messages":[{"role":"user","content":"tea"}]}');
    const explained = await plugin.explain?.({ request, body, signal: new AbortController().signal });
    expect(explained).toMatchObject({
      embedding: null,
      upstream: { auth: { reference: "{vault://v/none}", resolved: false } },
    });
  });
});
