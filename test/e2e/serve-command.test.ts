import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from "vitest";
import { askChat, chatInit, request } from "../support/ask.ts";
import { aiConfig, changed, type Providers, startProviders, writeConfig } from "../support/providers.ts";
import { type GwRun, runGw } from "../support/run-gw.ts";
import { expectNoSecretHeard, hear } from "../support/secrecy.ts";
import { serveGw, type ServedGw } from "../support/serve-gw.ts";

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
  cwd = mkdtempSync(join(tmpdir(), "gw-serve-"));
  writeConfig(cwd, aiConfig);
});

afterEach(() => {
  providers.openai.behave({});
  expectNoSecretHeard();
  rmSync(cwd, { recursive: true });
});

async function serve(args: readonly string[] = [], env = providers.env): Promise<ServedGw> {
  const gw = await serveGw([...providers.flags, ...args], { cwd, env });
  onTestFinished(async () => void (await gw.stop()));
  return gw;
}

describe("gw serve that cannot start", () => {
  const free = ["--proxy-listen", "127.0.0.1:0", "--admin-listen", "off"];

  /** It must end by itself, and say why in one line at the end. */
  async function failure(args: readonly string[], env = providers.env): Promise<GwRun> {
    const run = await runGw(["serve", ...providers.flags, ...args], { cwd, env });
    expect(run.code).toBe(1);
    expect(run.err).not.toMatch(/^ +at /m);
    expect(run.err).toMatch(/Error: .*\[GW_[A-Z_]+\]\n$/);
    return run;
  }

  it.each<[string, readonly string[], string]>([
    ["a proxy address that is none", ["--proxy-listen", "localhost"], "--proxy-listen localhost: write HOST:PORT"],
    ["no proxy listener", ["--proxy-listen", "off"], "--proxy-listen off: write HOST:PORT"],
    ["a port that is none", ["--proxy-listen", "127.0.0.1:65536"], "--proxy-listen 127.0.0.1:65536: write HOST:PORT"],
    ["an admin address that is none", ["--admin-listen", "nine"], "--admin-listen nine: write HOST:PORT"],
    [
      "an address of another machine",
      ["--proxy-listen", "192.0.2.1:8000", "--admin-listen", "off"],
      "Cannot listen on 192.0.2.1:8000: this machine has no such address.",
    ],
    [
      "a typo in --connect-to",
      [...free, "--connect-to", "api.openai.com=http://127.0.0.1:9"],
      "--connect-to api.openai.com=http://127.0.0.1:9: write HOST:PORT=URL",
    ],
    [
      "--connect-to with another scheme",
      [...free, "--connect-to", "api.openai.com:443=ftp://127.0.0.1"],
      "the URL must be http or https",
    ],
    ["a level that is none", ["--log-level", "loud"], "Allowed choices are debug, info, warn, error, silent"],
    ["a flag that is none", ["--proxy-lisen", "x"], "Unknown option '--proxy-lisen'. Did you mean --proxy-listen?"],
    ["a file that is not there", [...free, "missing.yaml"], 'There is no file "missing.yaml".'],
  ])("%s", async (_, args, message) => {
    expect((await failure(args)).err).toContain(message);
  });

  it("a port that is taken, for either listener", async () => {
    const taken = createServer().listen(0, "127.66.10.2");
    await once(taken, "listening");
    onTestFinished(() => void taken.close());
    const address = taken.address();
    const at = typeof address === "object" ? `127.66.10.2:${address?.port}` : "";
    const asked = providers.requests.length;
    const proxy = await failure(["--proxy-listen", at, "--admin-listen", "off"]);
    expect(providers.requests).toHaveLength(asked);
    expect(proxy.err).toContain(
      `Cannot listen on ${at}: another program listens there. Stop it, or choose another port.`,
    );
    const admin = await failure(["--proxy-listen", "127.66.10.2:0", "--admin-listen", at]);
    expect(admin.err).toContain(`Cannot listen on ${at}: another program listens there.`);
  });

  it("nothing to serve", async () => {
    rmSync(join(cwd, "kong.yaml"));
    expect((await failure(free)).err).toContain(
      "Nothing to serve: the store .gw/state.db is empty and there is no kong.yaml here. Run `gw sync FILE`, or name a file.",
    );
  });

  it("a reference to a vault that is not defined", async () => {
    writeConfig(cwd, changed(aiConfig, ["{vault://hashicorp-vault/mistral", "{vault://hashicorp-valt/mistral"]));
    expect((await failure(free)).err).toMatch(/kong\.yaml:\d+:\d+: error: .*hashicorp-valt.*\n/);
  });
});

describe("gw serve", () => {
  it("starts without the keys, says what is missing, and is not ready", async () => {
    const gw = await serve([], {});
    expect(gw.output()).toContain(
      "Warning: {vault://hashicorp-vault/openai/key} is not resolved: no value found: the environment variable GW_DEMO_OPENAI is not set. Set it before gw starts.\n",
    );
    const ready = await request(`${gw.admin}/status/ready`);
    expect(ready).toMatchObject({
      status: 503,
      json: {
        message: "not ready",
        problems: expect.arrayContaining([expect.stringMatching(/mistral\/key\} is not resolved/)]) as unknown,
      },
    });
    expect(await request(`${gw.admin}/status`)).toMatchObject({ status: 200 });
    const answer = await askChat(gw.origin, math);
    expect(answer).toMatchObject({
      status: 503,
      json: { error: { code: "gw_secret_missing", message: "An unexpected error occurred" } },
    });
    const notice = await gw.logLine((line) => line["code"] === "gw-secret-missing");
    expect(notice["msg"]).toContain("GW_DEMO_MISTRAL");
  });

  it("is ready with the keys, and every answer has its id and latencies", async () => {
    const gw = await serve();
    expect(await request(`${gw.admin}/status/ready`)).toMatchObject({ status: 200, json: { message: "ready" } });
    const answers = [
      await askChat(gw.origin, math),
      await askChat(gw.origin, math, { stream: true }),
      await askChat(gw.origin, math, { messages: [] }),
      await request(`${gw.origin}/elsewhere`),
    ];
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 400, 404]);
    const ids = answers.map(({ headers }) => headers.get("x-kong-request-id"));
    expect(new Set(ids).size).toBe(4);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/);
    for (const { headers } of answers.slice(0, 2)) {
      expect(headers.get("x-kong-upstream-latency")).toMatch(/^\d+$/);
      expect(headers.get("x-kong-proxy-latency")).toMatch(/^\d+$/);
      expect(headers.get("via")).toMatch(/^1\.1 gw\//);
    }
    for (const { headers } of answers.slice(2)) {
      expect(headers.get("x-kong-response-latency")).toMatch(/^\d+$/);
      expect(headers.get("server")).toMatch(/^gw\//);
    }
  });

  it("logs an AI request with what it cost and why it went where, but not what was said", async () => {
    writeConfig(
      cwd,
      changed(aiConfig, [
        "    - route_type: llm/v1/chat\n",
        "    - route_type: llm/v1/chat\n          logging: { log_statistics: true }\n",
      ]),
    );
    const gw = await serve();
    const prompt = `${math} planted-prompt-5Tz`;
    const answer = await request(`${gw.origin}/anything?key=planted-query-6Rw`, {
      ...chatInit(prompt),
      headers: { "content-type": "application/json", "x-planted": "planted-header-2Yk" },
    });
    expect(answer.status).toBe(200);
    const line = await gw.logLine((each) => each["exchange_id"] === answer.headers.get("x-kong-request-id"));
    expect(line).toEqual({
      level: "info",
      time: expect.anything() as unknown,
      event: "exchange",
      exchange_id: answer.headers.get("x-kong-request-id"),
      client: "127.0.0.1",
      method: "POST",
      path: "/anything",
      status: 200,
      ms: expect.any(Number) as number,
      upstream_ms: expect.any(Number) as number,
      proxy_ms: expect.any(Number) as number,
      bytes_sent: Buffer.byteLength(answer.text),
      route: "example-route",
      service: "example-service",
      ai: expect.objectContaining({
        provider: "openai",
        model: "gpt-4o",
        target: 1,
        reason: "nearest",
        distance: expect.any(Number) as number,
        attempts: 1,
        llm_latency: expect.any(Number) as number,
        usage: {
          prompt_tokens: 7,
          completion_tokens: expect.any(Number) as number,
          total_tokens: expect.any(Number) as number,
          cost: expect.any(Number) as number,
          time_per_token: expect.any(Number) as number,
        },
      }) as unknown,
      msg: "exchange",
    });
    expect(gw.output()).not.toMatch(/planted-(prompt|query|header)/);
  });

  it("finishes a stream that is under way when it is told to stop, and takes no other", async () => {
    const gw = await serve();
    providers.openai.behave({ path: "/v1/chat/completions", delayMs: 300 });
    const before = providers.requests.length;
    const answer = askChat(gw.origin, math, { stream: true });
    await providers.until((each) => each.path === "/v1/chat/completions" && providers.requests.indexOf(each) >= before);
    gw.terminate();
    await expect.poll(() => gw.output()).toContain("Stopping: no new requests, finishing those that are under way.");
    await expect
      .poll(async () => await request(`${gw.origin}/anything`).catch((error: unknown) => error))
      .toBeInstanceOf(TypeError);
    const { status, text } = await answer;
    expect(status).toBe(200);
    expect(text.endsWith("data: [DONE]\n\n")).toBe(true);
    // No longer than the stream: clients that keep their connections do not hold it.
    expect(await gw.ended).toBe(0);
  });

  it("ends at once when it is told a second time", async () => {
    const gw = await serve();
    providers.openai.behave({ path: "/v1/chat/completions", holdAfterChunks: 1 });
    const response = await fetch(`${gw.origin}/anything`, chatInit(math, { stream: true }));
    gw.terminate();
    await expect.poll(() => gw.output()).toContain("Stopping:");
    gw.terminate();
    await gw.ended;
    await expect(response.text()).rejects.toThrow("terminated");
  });

  it("logs only what is asked for", async () => {
    const gw = await serve(["--log-level", "error", "--admin-listen", "off"]);
    expect(gw.admin).toBe("");
    expect(await askChat(gw.origin, math)).toMatchObject({ status: 200 });
    expect(await gw.stop()).toBe(0);
    hear(gw.output());
    expect(gw.output()).not.toContain('"level"');
  });
});
