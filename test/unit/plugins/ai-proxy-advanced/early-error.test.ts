import OpenAI from "openai";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type AiPlugin, aiConfig, aiTarget, startAiPlugin } from "../../../support/ai-plugin.ts";
import { type FakeUpstream, startFakeUpstream } from "../../../support/fake-upstream.ts";
import { chatStream } from "../../../support/openai-answers.ts";

let first: FakeUpstream;
let second: FakeUpstream;
let running: AiPlugin;

beforeEach(async () => {
  [first, second] = await Promise.all([startFakeUpstream(), startFakeUpstream()]);
  const options = {
    azure_api_version: "",
    anthropic_version: "2023-06-01",
    upstream_url: `${first.origin}/v1/messages`,
  };
  const anthropic = aiTarget(first.origin, { model: { provider: "anthropic", name: "claude", options }, weight: 2 });
  const criteria = ["error", "timeout", "non_idempotent"] as const;
  const balancer = { algorithm: "priority", failover_criteria: criteria } as const;
  running = await startAiPlugin(aiConfig([anthropic, aiTarget(second.origin, { weight: 1 })], { balancer }));
});
afterEach(async () => {
  await running.close();
  await Promise.all([first.close(), second.close()]);
});

const eventStream = { "content-type": "text/event-stream" };
const overloaded =
  'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';

test.each([
  ["at once", []],
  ["after signs of life", ['event: ping\ndata: {"type":"ping"}\n\n', ": still there\n\n"]],
  [
    "after the start of an answer",
    ['event: message_start\ndata: {"type":"message_start","message":{"id":"m","model":"claude"}}\n\n'],
  ],
])("a stream that reports an error %s is asked of the next target", async (_, before) => {
  const client = new OpenAI({ apiKey: "client", baseURL: running.server.origin, maxRetries: 0 });
  const opened = client.chat.completions.create({
    model: "any",
    messages: [{ role: "user", content: "tea" }],
    stream: true,
  });
  const received = await first.next();
  received.head(200, eventStream);
  for (const event of before) await received.write(event);
  await received.write(overloaded);
  (await second.next()).answer(200, eventStream, chatStream(["Tea."], undefined));
  let text = "";
  for await (const chunk of await opened) text += chunk.choices[0]?.delta.content ?? "";
  expect(text).toBe("Tea.");
});
