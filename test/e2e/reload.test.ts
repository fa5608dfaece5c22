import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, expect, it, onTestFinished } from "vitest";
import { type Answer, askChat, request } from "../support/ask.ts";
import { aiConfig, changed, type Providers, startProviders, writeConfig } from "../support/providers.ts";
import { type GwRun, runGw } from "../support/run-gw.ts";
import { expectNoSecretHeard, hear, markSecret } from "../support/secrecy.ts";
import { type ServedGw, serveGw } from "../support/serve-gw.ts";

const math = "What is the derivative of sin(x)?";
const vaultToken = markSecret("Vault's token", "hvs.planted-reload-token/8Kd+");

let providers: Providers;
let gw: ServedGw | undefined;
let cwd: string;

beforeAll(async () => {
  providers = await startProviders();
});

beforeEach(() => {
  cwd = mkdtempSync(join(tmpdir(), "gw-reload-"));
});

afterEach(async () => {
  await gw?.stop();
  gw = undefined;
  expectNoSecretHeard();
  rmSync(cwd, { recursive: true });
});

afterAll(async () => {
  await providers.close();
});

async function serve(args: readonly string[] = []): Promise<ServedGw> {
  gw = await serveGw([...providers.flags, ...args], { cwd, env: providers.env });
  return gw;
}

async function sync(config: string, env: Readonly<Record<string, string>> = providers.env): Promise<GwRun> {
  writeConfig(cwd, config);
  return await runGw(["sync", "--yes"], { cwd, env });
}

/** Renamed models tell the two configurations apart. */
const renamed = changed(aiConfig, ["name: gpt-4o", "name: gpt-4o-renamed"]);

it("serves what was synced within a second, and loses no request meanwhile", async () => {
  expect(await sync(aiConfig)).toMatchObject({ code: 0 });
  const { origin, admin } = await serve();
  const load = keepAsking(4, async () => await askChat(origin, math, { stream: true }));
  await load.answers(20);
  const seen: number[] = [];
  for (const config of [renamed, aiConfig, renamed]) {
    const model = config === renamed ? "openai/gpt-4o-renamed" : "openai/gpt-4o";
    expect(await sync(config)).toMatchObject({ code: 0 });
    const syncedAt = performance.now();
    await expect
      .poll(async () => (await askChat(origin, math)).headers.get("x-kong-llm-model"), { interval: 20, timeout: 3_000 })
      .toBe(model);
    seen.push(Math.round(performance.now() - syncedAt));
    await load.answers(20);
  }
  const answers = await load.stop();
  console.info(`A sync was served ${seen.join(", ")} ms after it; ${answers.length} requests meanwhile.`);
  expect(answers.filter(({ status, text }) => status !== 200 || !text.endsWith("data: [DONE]\n\n"))).toEqual([]);
  expect(new Set(answers.map(({ headers }) => headers.get("x-kong-llm-model")))).toEqual(
    new Set(["openai/gpt-4o", "openai/gpt-4o-renamed"]),
  );
  expect((await request(`${admin}/status`)).json).toMatchObject({ serial: 4 });
}, 60_000);

it("takes what changed while it was still starting", async () => {
  const starting = async (args: readonly string[], change: () => Promise<unknown>): Promise<ServedGw> => {
    // Warming up takes as long, and the configuration changes meanwhile.
    providers.openai.behave({ path: "/v1/embeddings", delayMs: 2_000 });
    const before = providers.requests.length;
    const served = serve(args);
    await Promise.race([served, providers.until((each) => providers.requests.indexOf(each) >= before)]);
    await change();
    providers.openai.behave({});
    return await served;
  };
  const mistral = changed(aiConfig, ["name: mistral-tiny", "name: mistral-renamed"]);
  const prompt = "What is Wulfila Bible?";
  const model = (answer: Answer): string | null => answer.headers.get("x-kong-llm-model");

  writeConfig(cwd, aiConfig);
  const fromFile = await starting(["kong.yaml"], async () => writeConfig(cwd, mistral));
  await fromFile.logLine((line) => line["event"] === "config-swap");
  expect(model(await askChat(fromFile.origin, prompt))).toBe("mistral/mistral-renamed");
  await fromFile.stop();

  expect(await sync(aiConfig)).toMatchObject({ code: 0 });
  const fromStore = await starting([], async () => await sync(mistral));
  await fromStore.logLine((line) => line["event"] === "config-swap");
  expect(model(await askChat(fromStore.origin, prompt))).toBe("mistral/mistral-renamed");
}, 40_000);

it("keeps serving what it has when the file is broken, says why, and takes the repaired one", async () => {
  writeConfig(cwd, aiConfig);
  const running = await serve(["kong.yaml"]);
  const { origin } = running;
  writeConfig(cwd, `${aiConfig}\n  - name: [`);
  const refused = await running.logLine((line) => line["event"] === "config-refused");
  expect(refused).toMatchObject({
    level: "error",
    msg: "a new configuration was refused; the old one is still served",
  });
  expect(String(refused["reason"])).toMatch(/kong\.yaml:\d+:\d+: error: /);
  expect((await askChat(origin, math)).headers.get("x-kong-llm-model")).toBe("openai/gpt-4o");

  writeConfig(cwd, changed(aiConfig, ["algorithm: semantic", "algorithm: semantics"]));
  const wrong = await running.logLine((line) => line["event"] === "config-refused" && line !== refused);
  expect(String(wrong["reason"])).toMatch(
    /kong\.yaml:\d+:\d+: error: .*balancer\.algorithm must be one of .*Did you mean "semantic"/,
  );
  expect((await askChat(origin, math)).status).toBe(200);

  rmSync(join(cwd, "kong.yaml"));
  const missing = await running.logLine(
    (line) => line["event"] === "config-refused" && line !== refused && line !== wrong,
  );
  expect(String(missing["reason"])).toContain('There is no file "kong.yaml"');
  expect((await askChat(origin, math)).status).toBe(200);

  writeConfig(cwd, renamed);
  await running.logLine((line) => line["event"] === "config-swap");
  expect((await askChat(origin, math)).headers.get("x-kong-llm-model")).toBe("openai/gpt-4o-renamed");
  expect(running.output()).not.toContain("gw-bug");
});

/** `config` with a vault whose token comes from the environment. */
function withVault(config: string): string {
  const vault = [
    "  - name: hcv",
    "    prefix: unused-vault",
    "    config:",
    "      host: 127.66.10.9",
    '      token: ${{ env "DECK_VAULT_TOKEN" }}',
    "services:",
  ];
  return changed(config, ["services:", vault.join("\n")]);
}

it("reads the vault's token from its own environment; the store has none", async () => {
  const env = { ...providers.env, DECK_VAULT_TOKEN: vaultToken };
  expect(await sync(withVault(aiConfig), env)).toMatchObject({ code: 0, err: "" });
  for (const file of readdirSync(join(cwd, ".gw"))) hear(readFileSync(join(cwd, ".gw", file)));
  expectNoSecretHeard();
  expect(readFileSync(join(cwd, ".gw/state.db"), "latin1")).toContain("DECK_VAULT_TOKEN");

  await expect(serve()).rejects.toThrow("The environment variable DECK_VAULT_TOKEN is not set.");
  gw = await serveGw([...providers.flags], { cwd, env });
  expect(await askChat(gw.origin, math)).toMatchObject({ status: 200 });
});

it("keeps serving what it has when a secret of the new configuration is not in its environment", async () => {
  expect(await sync(aiConfig)).toMatchObject({ code: 0 });
  const running = await serve();
  const { origin } = running;
  const env = { ...providers.env, DECK_VAULT_TOKEN: vaultToken };
  expect(await sync(withVault(renamed), env)).toMatchObject({ code: 0 });
  const refused = await running.logLine((line) => line["event"] === "config-refused");
  expect(refused["reason"]).toContain("The environment variable DECK_VAULT_TOKEN is not set.");
  expect((await askChat(origin, math)).headers.get("x-kong-llm-model")).toBe("openai/gpt-4o");
});

/** So many clients that ask again as soon as they have an answer. A request that fails fails the test in `answers` or `stop`. */
function keepAsking(clients: number, ask: () => Promise<Answer>) {
  const answers: Answer[] = [];
  const stopped = new AbortController();
  onTestFinished(() => stopped.abort());
  const all = Promise.all(
    Array.from({ length: clients }, async () => {
      while (!stopped.signal.aborted) answers.push(await ask());
    }),
  );
  return {
    /** Settles after so many more. */
    async answers(count: number): Promise<void> {
      const wanted = answers.length + count;
      await Promise.race([
        all,
        expect.poll(() => answers.length, { interval: 10, timeout: 10_000 }).toBeGreaterThanOrEqual(wanted),
      ]);
    },
    async stop(): Promise<readonly Answer[]> {
      stopped.abort();
      await all;
      return answers;
    },
  };
}
