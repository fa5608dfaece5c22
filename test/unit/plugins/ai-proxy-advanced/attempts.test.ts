import { afterEach, beforeEach, describe, expect, onTestFinished, test } from "vitest";
import type { AiProxyAdvancedConfig } from "../../../../src/config/types.ts";
import { type EventMap, subscribe } from "../../../../src/observability/events.ts";
import { type AiPlugin, aiAuth, aiConfig, aiTarget, startAiPlugin } from "../../../support/ai-plugin.ts";
import { closedOrigin, type FakeUpstream, startFakeUpstream } from "../../../support/fake-upstream.ts";

let first: FakeUpstream;
let second: FakeUpstream;
let running: AiPlugin | undefined;

beforeEach(async () => {
  [first, second] = [
    await startFakeUpstream(),
    await startFakeUpstream({ reply: (request) => request.answer(200, {}, "from second") }),
  ];
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  await first.close();
  await second.close();
});

async function start(
  firstOrigin: string,
  balancer: Partial<AiProxyAdvancedConfig["balancer"]> = {},
): Promise<AiPlugin> {
  const targets = [
    aiTarget(firstOrigin, { name: "one", description: "code" }),
    aiTarget(second.origin, { name: "two" }),
  ];
  running = await startAiPlugin(aiConfig(targets, { balancer }));
  return running;
}

const everything: AiProxyAdvancedConfig["balancer"]["failover_criteria"] = [
  "error",
  "timeout",
  "invalid_header",
  "http_429",
  "http_503",
  "non_idempotent",
];

describe("a failed attempt", () => {
  test("that was not sent moves on to the next target, and says so", async () => {
    const { ask, server } = await start(await closedOrigin());
    const response = await ask("code");
    expect([response.status, await response.text()]).toEqual([200, "from second"]);
    expect(response.headers.get("x-gw-attempts")).toBe("2");
    expect(response.headers.get("x-kong-llm-model")).toBe("openai/two");
    expect(server.finished[0]?.ai).toMatchObject({ attempts: 2, target: 1 });
    expect(JSON.parse(second.requests[0]?.body.toString() ?? "{}")).toMatchObject({ model: "two" });
  });

  test("that was sent does not, because a POST may have been billed", async () => {
    const { ask } = await start(first.origin);
    const answer = ask("code");
    (await first.next()).reset();
    const response = await answer;
    expect([response.status, await response.json()]).toMatchObject([502, { error: { code: "GW_UPSTREAM_RESET" } }]);
    expect(second.requests).toHaveLength(0);
  });

  test("that was sent moves on with non_idempotent", async () => {
    const { ask } = await start(first.origin, { failover_criteria: everything });
    const answer = ask("code");
    (await first.next()).reset();
    expect(await (await answer).text()).toBe("from second");
  });

  test("with retries 0 is the answer", async () => {
    const { ask } = await start(await closedOrigin(), { retries: 0 });
    expect((await ask("code")).status).toBe(502);
  });

  test("of a kind that is not listed is the answer", async () => {
    const { ask } = await start(await closedOrigin(), { failover_criteria: ["timeout", "non_idempotent"] });
    expect((await ask("code")).status).toBe(502);
  });

  test("of the last target is the answer, with the number of attempts", async () => {
    const targets = [aiTarget(await closedOrigin(), { description: "code" }), aiTarget(await closedOrigin())];
    running = await startAiPlugin(aiConfig(targets));
    const response = await running.ask("code");
    expect([response.status, response.headers.get("x-gw-attempts")]).toEqual([502, "2"]);
  });

  test("by time moves on when it is listed", async () => {
    const slow = await startFakeUpstream();
    const targets = [aiTarget(first.origin, { description: "code" }), aiTarget(slow.origin, { name: "two" })];
    running = await startAiPlugin(aiConfig(targets, { balancer: { read_timeout: 50, failover_criteria: everything } }));
    const answer = running.ask("code");
    // That it is asked is enough: on a busy machine its answer may be too late for such a limit, too.
    const { body } = await slow.next();
    expect(JSON.parse(body.toString())).toMatchObject({ model: "two" });
    await slow.close();
    await answer;
  });
});

describe("a target whose key cannot be had", () => {
  const auth = aiAuth("{vault://v/absent}");

  async function startKeyless(balancer: Partial<AiProxyAdvancedConfig["balancer"]> = {}): Promise<AiPlugin> {
    const targets = [
      aiTarget(first.origin, { name: "one", description: "code", auth }),
      aiTarget(second.origin, { name: "two" }),
    ];
    running = await startAiPlugin(aiConfig(targets, { balancer }));
    return running;
  }

  test("is a failed attempt that nobody bills: the next target answers", async () => {
    const ended: EventMap["attempt-end"][] = [];
    onTestFinished(subscribe("attempt-end", (event) => ended.push(event)));
    const { ask, server } = await startKeyless();
    const response = await ask("code");
    expect([response.status, await response.text()]).toEqual([200, "from second"]);
    expect(response.headers.get("x-gw-attempts")).toBe("2");
    expect(server.finished[0]?.ai).toMatchObject({ attempts: 2, billed_attempts: 1, tried_targets: [0, 1], target: 1 });
    expect(ended).toMatchObject([
      { target: 0, errorCode: "GW_SECRET_MISSING", isBilled: false },
      { target: 1, status: 200, isBilled: true },
    ]);
    expect(first.requests).toHaveLength(0);
  });

  test.each<Partial<AiProxyAdvancedConfig["balancer"]>>([{ retries: 0 }, { failover_criteria: ["timeout"] }])(
    "is the answer with %o",
    async (balancer) => {
      const { ask, server } = await startKeyless(balancer);
      const response = await ask("code");
      expect([response.status, await response.json()]).toMatchObject([503, { error: { code: "GW_SECRET_MISSING" } }]);
      expect(server.finished[0]?.ai).toMatchObject({ attempts: 1, billed_attempts: 0, target: 0 });
      expect(second.requests).toHaveLength(0);
    },
  );

  test("counts as a failure: the breaker saves the wait for the vault", async () => {
    const { ask, notices } = await startKeyless({ max_fails: 1 });
    expect((await ask("code")).headers.get("x-gw-attempts")).toBe("2");
    expect(notices).toContainEqual(expect.objectContaining({ code: "target-out" }));
    expect((await ask("code")).headers.get("x-gw-attempts")).toBeNull();
  });

  test("is the answer when no other has one either", async () => {
    const targets = [aiTarget(first.origin, { description: "code", auth }), aiTarget(second.origin, { auth })];
    running = await startAiPlugin(aiConfig(targets));
    const response = await running.ask("code");
    expect([response.status, response.headers.get("x-gw-attempts")]).toEqual([503, "2"]);
  });
});

describe("an answer with a status that is listed", () => {
  test("moves on only with non_idempotent", async () => {
    const { ask } = await start(first.origin, { failover_criteria: ["error", "http_429"] });
    const answer = ask("code");
    (await first.next()).answer(429, { "retry-after": "7" }, '{"error":{"message":"slow down"}}');
    const response = await answer;
    expect([response.status, response.headers.get("retry-after"), await response.text()]).toEqual([
      429,
      "7",
      '{"error":{"message":"slow down"}}',
    ]);
    expect(response.headers.has("x-kong-llm-model")).toBe(false);
  });

  test("moves on, and nothing of it reaches the client", async () => {
    const { ask } = await start(first.origin, { failover_criteria: everything });
    const answer = ask("code");
    (await first.next()).answer(503, { "x-first": "1" }, "from first");
    const response = await answer;
    expect([response.status, await response.text()]).toEqual([200, "from second"]);
    expect(response.headers.has("x-first")).toBe(false);
  });

  test("is passed on by the last target", async () => {
    running = await startAiPlugin(aiConfig([aiTarget(first.origin)], { balancer: { failover_criteria: everything } }));
    const answer = running.ask("tea");
    (await first.next()).answer(429, {}, "from first");
    const response = await answer;
    expect([response.status, await response.text()]).toEqual([429, "from first"]);
  });
});
