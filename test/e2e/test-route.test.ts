import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from "vitest";
import {
  aiConfig,
  changed,
  type Providers,
  startProviders,
  withoutCatchall,
  withRoute,
  writeConfig,
} from "../support/providers.ts";
import type { ExplainedCandidate } from "../../src/plugins/explanation.ts";
import { localConfig } from "../support/local-config.ts";
import { seedPrompts } from "../support/prompts.ts";
import { type GwRun, runGw } from "../support/run-gw.ts";
import { expectNoSecretHeard } from "../support/secrecy.ts";

const math = "What is the derivative of sin(x)?";

let providers: Providers;
let cwd: string;

beforeAll(async () => {
  providers = await startProviders();
});

afterAll(async () => {
  await providers.close();
});

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "gw-test-route-"));
  writeConfig(cwd, aiConfig);
});

afterEach(() => {
  expectNoSecretHeard();
  rmSync(cwd, { recursive: true });
});

async function testRoute(...args: readonly string[]): Promise<GwRun> {
  return await runGw(["test-route", ...providers.flags, ...args], { cwd, env: providers.env });
}

it("says for people where a prompt goes, and why", async () => {
  const { code, out, err } = await testRoute(math);
  expect({ code, err }).toEqual({ code: 0, err: expect.stringContaining("Using kong.yaml.\n") as string });
  // Embedding takes its time, and a distance may differ in its last digit between machines.
  const shown = out
    .replace(/\d+\.\d ms/, "N ms")
    .replaceAll(/-?\b[01]\.\d{4}\b */g, (each) => "0.dddd".padEnd(each.length));
  expect(shown).toBe(`prompt        What is the derivative of sin(x)?
route         example-route (service example-service)
plugin        ai-proxy-advanced (global), balancer semantic
embedding     openai/text-embedding-3-small, 1536 dimensions, N ms
vectors       memory, cosine, largest distance 0.8

  #  target                distance  similarity  within  description
  0  openai/gpt-3.5-turbo  0.dddd    0.dddd      no      programming, coding, software development, Python, JavaScri…
→ 1  openai/gpt-4o         0.dddd    0.dddd      yes     mathematics, algebra, calculus, trigonometry, equations, in…
  2  mistral/mistral-tiny  -         -           -       CATCHALL

→ openai/gpt-4o: the nearest description, at distance 0.dddd
  POST https://api.openai.com/v1/chat/completions
  Authorization (header) from {vault://hashicorp-vault/openai/key}: resolved
  then, if it does not answer: mistral/mistral-tiny
`);
});

it("says the same as JSON", async () => {
  const { code, out } = await testRoute(math, "--json");
  expect(code).toBe(0);
  expect(JSON.parse(out)).toEqual({
    schema_version: 1,
    prompt: math,
    text: math,
    route: "example-route",
    service: "example-service",
    plugin: { name: "ai-proxy-advanced", scope: "global" },
    balancer: "semantic",
    embedding: {
      provider: "openai",
      model: "text-embedding-3-small",
      dimensions: 1536,
      ms: expect.any(Number) as number,
      cached: false,
    },
    vectordb: { strategy: "memory", metric: "cosine", threshold: 0.8, answered_by: "memory" },
    candidates: [
      expect.objectContaining({ index: 0, model: "gpt-3.5-turbo", threshold: 0.8, available: true }),
      expect.objectContaining({ index: 1, model: "gpt-4o", within_threshold: true }),
      expect.objectContaining({
        index: 2,
        model: "mistral-tiny",
        description: "CATCHALL",
        distance: null,
        similarity: null,
        threshold: null,
      }),
    ],
    selected: { index: 1, provider: "openai", model: "gpt-4o", reason: "nearest" },
    order: expect.arrayContaining([1, 2]) as number[],
    upstream: {
      method: "POST",
      url: "https://api.openai.com/v1/chat/completions",
      auth: { in: "header", name: "Authorization", reference: "{vault://hashicorp-vault/openai/key}", resolved: true },
    },
    warnings: [],
  });
});

it("chooses for the six prompts as serve does, from the store", async () => {
  await runGw(["sync"], { cwd, env: providers.env });
  for (const { prompt, expect: model } of seedPrompts) {
    const { out, err } = await testRoute(prompt, "--json");
    expect(err).toContain("Using the store .gw/state.db.");
    expect(JSON.parse(out)).toMatchObject({ prompt, selected: { model } });
  }
});

it("takes a conversation, and the route by path, host and name", async () => {
  writeConfig(cwd, withRoute(aiConfig, "strict", ...withoutCatchall));
  writeFileSync(
    join(cwd, "talk.json"),
    JSON.stringify([
      { role: "system", content: "Be brief." },
      { role: "user", content: math },
    ]),
  );
  for (const how of [
    ["--route", "example-route"],
    ["--path", "/anything/v1?x=1"],
    ["--path", "/anything", "-H", "Host: a.example"],
  ]) {
    const { code, out } = await testRoute("--messages", "talk.json", "--json", ...how);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ prompt: math, route: "example-route", selected: { model: "gpt-4o" } });
  }
});

it("says that a key does not resolve, and chooses all the same", async () => {
  const { code, out } = await runGw(["test-route", math, "--json", ...providers.flags], {
    cwd,
    env: { ...providers.env, GW_DEMO_MISTRAL: "" },
  });
  expect(code).toBe(0);
  expect(JSON.parse(out)).toMatchObject({ selected: { model: "gpt-4o" }, upstream: { auth: { resolved: true } } });
  const away = await runGw(["test-route", math, ...providers.flags], { cwd });
  expect(away.code).toBe(0);
  expect(away.out).toContain("→ mistral/mistral-tiny: the prompt could not be embedded, so CATCHALL takes it");
  expect(away.out).toContain("{vault://hashicorp-vault/mistral/key}: does not resolve");
  expect(away.err).toMatch(/GW_DEMO_OPENAI/);
});

it.each<[string, (config: string) => string, readonly string[], RegExp]>([
  [
    "several AI routes",
    (config) => withRoute(config, "strict"),
    [math],
    /Several routes choose among AI targets: (example-route, strict|strict, example-route)\. Name one with --route, or give --path\. \[GW_USAGE\]/,
  ],
  [
    "no AI route",
    (config) => config.slice(0, config.indexOf("plugins:")),
    [math],
    /No route chooses among AI targets: add the plugin ai-proxy-advanced to a route, to a service, or globally\./,
  ],
  [
    "no target that matches",
    (config) => changed(config, ...withoutCatchall),
    ["Who was Edward Gibbon?"],
    /No target can be found under threshold 0\.05: the nearest is targets\[\d\] at distance [01]\.\d{4}\. .*\[GW_NO_TARGET\]/,
  ],
  [
    "a route that is not there",
    (config) => config,
    [math, "--route", "exampel-route"],
    /There is no route "exampel-route"\. .*example-route/,
  ],
  [
    "a path that no route takes",
    (config) => config,
    [math, "--path", "/elsewhere"],
    /No route matches POST \/elsewhere .*example-route/,
  ],
  ["no prompt", (config) => config, [], /Give a prompt or a conversation: gw test-route "What/],
  ["messages that are none", (config) => config, ["--messages", "kong.yaml"], /--messages kong\.yaml cannot be read: /],
  ["a header that is none", (config) => config, [math, "-H", "nonsense"], /-H "nonsense": write 'Name: value'\./],
  [
    "a typo in --connect-to",
    (config) => config,
    [math, "--connect-to", "api.openai.com"],
    /--connect-to api\.openai\.com: write HOST:PORT=URL/,
  ],
])("exits with 1 for %s", async (_, change, args, message) => {
  writeConfig(cwd, change(aiConfig));
  const { code, out, err } = await testRoute(...args);
  expect({ code, out }).toEqual({ code: 1, out: "" });
  expect(err).toMatch(message);
  expect(err).not.toMatch(/^ +at /m);
});

it("shows what a score is the sum of, under gw's own rule", async () => {
  writeConfig(cwd, localConfig());
  const { out } = await testRoute(math, "--json");
  const { candidates } = JSON.parse(out) as { candidates: readonly ExplainedCandidate[] };
  expect(candidates.map(({ score }) => score === null)).toEqual([true, false, true]);
  const { total, needed, parts } = candidates[1]?.score ?? { total: 0, needed: 0, parts: [] };
  expect(parts.map(({ name }) => name)).toEqual(["similarity", "background", "code"]);
  expect(total).toBeCloseTo(parts.reduce((sum, { value }) => sum + value, 0));
  expect(total).toBeGreaterThan(needed);

  const shown = await testRoute(math);
  expect(shown.out).toMatch(/openai\/gpt-4o: 0\.\d{4}, needs 0\.08 = 0\.\d{4} similarity - 0\.\d{4} background \(/);
  expect(shown.out).toContain("→ openai/gpt-4o: the best score\n");
});

it("compares by the local model when the configured one is away", async () => {
  writeConfig(cwd, changed(aiConfig, ["debug_header: true", "on_embedding_failure: local"]));
  const nobody = "api.openai.com:443=http://127.0.0.1:9";
  const run = async (...args: readonly string[]) =>
    await runGw(["test-route", math, "--connect-to", nobody, ...args], { cwd, env: providers.env });
  const { code, out } = await run("--json");
  expect({ code, ...(JSON.parse(out) as object) }).toMatchObject({
    code: 0,
    selected: { model: "gpt-4o", reason: "nearest" },
    warnings: ["embedding-away"],
  });
  expect((await run()).out).toContain(
    "warning: the configured embedding model does not answer: the prompt was compared by the local one.",
  );
});
