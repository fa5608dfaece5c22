import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import { TargetMemories } from "../../../../src/balancer/memory.ts";
import type { AiProxyAdvancedConfig } from "../../../../src/config/types.ts";
import { type EventMap, subscribe } from "../../../../src/observability/events.ts";
import { type AiPlugin, aiConfig, aiTarget, startAiPlugin } from "../../../support/ai-plugin.ts";
import { createFakeClock } from "../../../support/fake-clock.ts";
import { type FakeUpstream, startFakeUpstream } from "../../../support/fake-upstream.ts";

type Balancer = AiProxyAdvancedConfig["balancer"];

const everything: Balancer["failover_criteria"] = ["error", "timeout", "http_429", "http_503", "non_idempotent"];
const usage = { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 };

let upstreams: readonly FakeUpstream[];
let running: AiPlugin | undefined;
/** Status of the answers of each upstream, and their headers. */
let answers: [status: number, headers: Record<string, string>][];

beforeEach(async () => {
  answers = [
    [200, {}],
    [200, {}],
  ];
  const start = (index: number) =>
    startFakeUpstream({
      reply: (request) => {
        const [status, headers] = answers[index] ?? [500, {}];
        request.answer(status, { "content-type": "application/json", ...headers }, JSON.stringify({ index, usage }));
      },
    });
  upstreams = await Promise.all([start(0), start(1)]);
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  await Promise.all(upstreams.map((upstream) => upstream.close()));
});

const target = (index: number, fields: Parameters<typeof aiTarget>[1] = {}) =>
  aiTarget(upstreams[index]?.origin ?? "", { name: `model-${index}`, description: `target ${index}`, ...fields });

async function start(
  balancer: Partial<Balancer>,
  fields: Parameters<typeof aiConfig>[1] = {},
  options: Parameters<typeof startAiPlugin>[1] = {},
): Promise<AiPlugin> {
  running = await startAiPlugin(aiConfig([target(0), target(1)], { balancer, ...fields }), options);
  return running;
}

/** `200 of 1`: the status and who answered. */
async function ask({ ask: send }: AiPlugin, headers: Record<string, string> = {}): Promise<string> {
  const response = await send("tea", {}, headers);
  const body = (await response.json()) as { readonly index?: number; readonly error?: { readonly code: string } };
  return `${response.status} of ${body.index ?? body.error?.code}`;
}

async function askTimes(plugin: AiPlugin, count: number): Promise<readonly string[]> {
  const seen: string[] = [];
  for (let request = 0; request < count; request++) seen.push(await ask(plugin));
  return seen;
}

describe("the algorithms through the plugin", () => {
  test("round-robin takes turns, and needs no embeddings", async () => {
    const plugin = await start({ algorithm: "round-robin" }, { embeddings: undefined as never });
    expect(await askTimes(plugin, 4)).toEqual(["200 of 0", "200 of 1", "200 of 0", "200 of 1"]);
    expect(plugin.plugin.problems?.()).toEqual([]);
  });

  test("consistent-hashing goes by the header, whatever its case, and by chance without", async () => {
    const plugin = await start({ algorithm: "consistent-hashing", hash_on_header: "X-Session" });
    const sessions = await Promise.all(
      Array.from({ length: 12 }, async (_, session) => {
        const headers = { "x-session": `s${session}` };
        return [await ask(plugin, headers), await ask(plugin, headers)];
      }),
    );
    for (const [first, again] of sessions) expect(again).toBe(first);
    expect(new Set(sessions.flat())).toEqual(new Set(["200 of 0", "200 of 1"]));
  });

  test("lowest-usage reads the tokens of answers, though no statistics are logged", async () => {
    const plugin = await start({ algorithm: "lowest-usage" });
    expect(await askTimes(plugin, 3)).toEqual(["200 of 0", "200 of 1", "200 of 0"]);
    expect(upstreams[0]?.requests[0]?.headers["accept-encoding"]).toBe("identity");
    expect(plugin.server.finished[0]?.ai).not.toHaveProperty("usage");
  });

  test("lowest-latency and least-connections serve", async () => {
    for (const algorithm of ["lowest-latency", "least-connections"] as const) {
      const plugin = await start({ algorithm });
      expect(new Set(await askTimes(plugin, 4))).toEqual(new Set(["200 of 0", "200 of 1"]));
      await plugin.close();
    }
    running = undefined;
  });

  test("semantic: targets of one description share its prompts, and stand in for each other", async () => {
    const same = { description: "tea" };
    const targets = [target(0, same), target(1, { ...same, weight: 100 })];
    running = await startAiPlugin(aiConfig(targets, { balancer: { failover_criteria: everything } }));
    expect(await askTimes(running, 4)).toEqual(["200 of 0", "200 of 1", "200 of 0", "200 of 1"]);
    answers[0] = [503, {}];
    expect(await askTimes(running, 3)).toEqual(["200 of 1", "200 of 1", "200 of 1"]);
  });

  test("test-route gives the order that serving takes, and takes no turn", async () => {
    const plugin = await start({ algorithm: "round-robin" });
    const request = { method: "POST", path: "/", query: "", rawHeaders: [], header: () => undefined };
    const body = Buffer.from('{"messages":[{"role":"user","content":"tea"}]}');
    const explain = () => plugin.plugin.explain?.({ request, body, signal: new AbortController().signal });
    await explain();
    expect(await explain()).toMatchObject({
      balancer: "round-robin",
      order: [0, 1],
      selected: { index: 0, reason: "round-robin" },
      embedding: null,
    });
    expect(await ask(plugin)).toBe("200 of 0");
    expect(await explain()).toMatchObject({ order: [1, 0] });
  });
});

const targetNotices = ({ notices }: AiPlugin): readonly string[] =>
  notices.map(({ code }) => code).filter((code) => code.startsWith("target-"));

const breakersOf = ({ plugin }: AiPlugin) => plugin.targetStates?.().map(({ breaker }) => breaker);

describe("the circuit breaker", () => {
  const rules = { algorithm: "priority", max_fails: 2, fail_timeout: 5000, failover_criteria: everything } as const;
  const weights = () => [target(0, { weight: 2 }), target(1, { weight: 1 })];

  async function startPriority(options: Parameters<typeof startAiPlugin>[1] = {}): Promise<AiPlugin> {
    return await startAiPlugin(aiConfig(weights(), { balancer: rules }), options);
  }

  test("takes a target out, probes it with one request, and lets it back in", async () => {
    const plugin = (running = await startPriority());
    answers[0] = [503, {}];
    await askTimes(plugin, 3);
    expect(upstreams[0]?.requests).toHaveLength(2);
    expect(targetNotices(plugin)).toEqual(["target-out"]);
    expect(plugin.server.finished[2]?.ai).toMatchObject({ reason: "failover", attempts: 1, target: 1 });
    expect(breakersOf(plugin)).toEqual(["open", "closed"]);

    plugin.clock.advance(5000);
    expect(breakersOf(plugin)).toEqual(["half-open", "closed"]);
    answers[0] = [200, {}];
    expect(await askTimes(plugin, 2)).toEqual(["200 of 0", "200 of 0"]);
    expect(breakersOf(plugin)).toEqual(["closed", "closed"]);
    expect(targetNotices(plugin)).toEqual(["target-out", "target-back"]);
  });

  test("counts a listed status that may not be retried too", async () => {
    const criteria = { ...rules, failover_criteria: ["error", "http_503"] } as const;
    const plugin = (running = await startAiPlugin(aiConfig(weights(), { balancer: criteria })));
    answers[0] = [503, {}];
    expect(await askTimes(plugin, 3)).toEqual(["503 of 0", "503 of 0", "200 of 1"]);
  });

  test("never counts 403 and 404, nor what is not listed", async () => {
    const criteria = [...everything, "http_403", "http_404"] as const;
    const plugin = (running = await startAiPlugin(
      aiConfig(weights(), { balancer: { ...rules, failover_criteria: criteria } }),
    ));
    for (const status of [403, 404, 500, 400]) {
      answers[0] = [status, {}];
      await askTimes(plugin, 3);
    }
    expect(upstreams[0]?.requests).toHaveLength(12);
  });

  test("keeps a target out over a reload", async () => {
    const shared = { targetMemories: new TargetMemories() };
    const before = await startPriority(shared);
    answers[0] = [503, {}];
    await askTimes(before, 2);
    running = await startPriority({ ...shared, clock: before.clock });
    await before.close();
    expect(await ask(running)).toBe("200 of 1");
    expect(upstreams[0]?.requests).toHaveLength(2);
  });

  test("stays half open over a reload: the request that was let through before decides after it", async () => {
    const held = await startFakeUpstream();
    onTestFinished(async () => await held.close());
    const targets = [
      aiTarget(held.origin, { name: "model-0", description: "held", weight: 2 }),
      target(1, { weight: 1 }),
    ];
    const config = aiConfig(targets, { balancer: { ...rules, max_fails: 1 } });
    const shared = { targetMemories: new TargetMemories(), clock: createFakeClock() };
    const before = await startAiPlugin(config, shared);
    const failing = ask(before);
    (await held.next()).answer(503, {});
    expect(await failing).toBe("200 of 1");

    shared.clock.advance(5000);
    const probe = ask(before);
    const probed = await held.next();
    running = await startAiPlugin(config, shared);
    expect(await askTimes(running, 2)).toEqual(["200 of 1", "200 of 1"]);
    probed.answer(200, {}, '{"index":0}');
    expect(await probe).toBe("200 of 0");
    await before.close();

    const next = ask(running);
    (await held.next()).answer(200, {}, '{"index":0}');
    expect(await next).toBe("200 of 0");
  });

  test("with all targets out answers 503 at once, and says when to come back", async () => {
    const plugin = (running = await startPriority());
    answers = [
      [503, {}],
      [503, {}],
    ];
    expect(await askTimes(plugin, 2)).toEqual(["503 of 1", "503 of 1"]);
    plugin.clock.advance(1500);
    const response = await plugin.ask("tea");
    expect([response.status, response.headers.get("retry-after")]).toEqual([503, "4"]);
    expect(await response.json()).toMatchObject({ error: { code: "GW_TARGETS_DOWN" } });
    expect(upstreams[0]?.requests).toHaveLength(2);
  });
});

describe("Retry-After", () => {
  test("takes the target out that long, and the request goes on", async () => {
    const plugin = await start({ algorithm: "least-connections", failover_criteria: everything });
    answers[0] = [429, { "retry-after": "30" }];
    expect(await askTimes(plugin, 3)).toEqual(["200 of 1", "200 of 1", "200 of 1"]);
    expect(upstreams[0]?.requests).toHaveLength(1);
    answers[0] = [200, {}];
    plugin.clock.advance(29_999);
    expect(await ask(plugin)).toBe("200 of 1");
    plugin.clock.advance(1);
    expect(await ask(plugin)).toBe("200 of 0");
  });

  test("as a date and beyond a minute is a minute", async () => {
    const plugin = await start({ algorithm: "least-connections", failover_criteria: everything });
    answers[0] = [503, { "retry-after": new Date(plugin.clock.now() + 3_600_000).toUTCString() }];
    await ask(plugin);
    answers[0] = [200, {}];
    plugin.clock.advance(60_000);
    expect(await askTimes(plugin, 2)).toContain("200 of 0");
  });

  test("of a status that is not listed is the client's to heed", async () => {
    const plugin = await start({ algorithm: "priority" });
    answers[0] = [429, { "retry-after": "30" }];
    await askTimes(plugin, 2);
    expect(upstreams[0]?.requests.length).toBe(1);
    expect(upstreams[1]?.requests.length).toBe(1);
  });
});

describe("gw.deadline_ms", () => {
  test("ends a request that no target has answered by then, without another attempt", async () => {
    const silent = await startFakeUpstream();
    const targets = [aiTarget(silent.origin, { weight: 200 }), target(1)];
    const balancer = { algorithm: "priority", failover_criteria: everything } as const;
    running = await startAiPlugin(aiConfig(targets, { balancer, gw: { deadline_ms: 60_000 } }));
    const answer = running.ask("tea");
    const request = await silent.next();
    running.clock.advance(60_000);
    const response = await answer;
    expect([response.status, await response.json()]).toMatchObject([504, { error: { code: "GW_DEADLINE" } }]);
    await request.gone;
    expect(upstreams[1]?.requests).toEqual([]);
    expect(running.server.finished[0]?.ai).toMatchObject({ attempts: 1, billed_attempts: 1 });
    await silent.close();
  });

  test("ends a stream with an error event; an answer in time clears it", async () => {
    const slow = await startFakeUpstream();
    running = await startAiPlugin(aiConfig([aiTarget(slow.origin)], { gw: { deadline_ms: 50_000 } }));
    const answer = running.ask("tea", { stream: true });
    const request = await slow.next();
    request.head(200, { "content-type": "text/event-stream" });
    await request.write("data: {}\n\n");
    const response = await answer;
    running.clock.advance(50_000);
    expect(await response.text()).toMatch(/^data: \{\}\n\n\ndata: \{"error":.*"gw_deadline"/);
    const inTime = running.ask("tea");
    (await slow.next()).answer(200, {}, "{}");
    await (await inTime).text();
    expect(running.clock.waiting).toEqual([]);
    await slow.close();
  });
});

test("attempts that may have been charged are in the log, the event and the header", async () => {
  const events: EventMap["attempt-end"][] = [];
  const stop = subscribe("attempt-end", (event) => events.push(event));
  const broken = await startFakeUpstream({ reply: (request) => request.reset() });
  const targets = [aiTarget(broken.origin, { weight: 300 }), target(0, { weight: 200 }), target(1, { weight: 100 })];
  answers[0] = [429, {}];
  running = await startAiPlugin(
    aiConfig(targets, { balancer: { algorithm: "priority", failover_criteria: everything } }),
  );
  const response = await running.ask("tea");
  await response.text();
  expect([response.status, response.headers.get("x-gw-attempts")]).toEqual([200, "3;billed=2"]);
  expect(running.server.finished[0]?.ai).toMatchObject({ attempts: 3, billed_attempts: 2, tried_targets: [0, 1, 2] });
  expect(events.map(({ target: index, isBilled }) => [index, isBilled])).toEqual([
    [0, true],
    [1, false],
    [2, true],
  ]);
  stop();
  await broken.close();
});
