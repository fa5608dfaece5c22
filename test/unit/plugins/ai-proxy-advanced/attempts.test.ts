import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AiProxyAdvancedConfig } from "../../../../src/config/types.ts";
import { type AiPlugin, aiConfig, aiTarget, startAiPlugin } from "../../../support/ai-plugin.ts";
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
    const { ask } = await start(first.origin, { read_timeout: 50, failover_criteria: everything });
    expect(await (await ask("code")).text()).toBe("from second");
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
