import { setImmediate as nextTurn } from "node:timers/promises";
import * as fc from "fast-check";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { serveYaml, type YamlGateway } from "../support/serve-yaml.ts";

const MEGABYTE = 1024 * 1024;
const rules = ["literal", "contrast"] as const;

let provider: FakeUpstream;
let gateway: YamlGateway;

beforeAll(async () => {
  const choices = [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }];
  const answer = JSON.stringify({ id: "x", object: "chat.completion", model: "m", choices });
  provider = await startFakeUpstream({
    reply: (request) => request.answer(200, { "content-type": "application/json" }, answer),
  });
  gateway = await serveYaml(`${services()}${rules.map(pluginOn).join("\n")}`);
});
afterAll(async () => {
  await gateway.close();
  await provider.close();
});

const services = (): string => `services:
  - name: ai
    url: http://example.test
    routes:
${rules.map((rule) => `      - { name: ${rule}, paths: [/${rule}] }`).join("\n")}
plugins:
`;

function pluginOn(rule: string): string {
  const target = (name: string, description: string): string => `        - route_type: llm/v1/chat
          model: { provider: openai, name: ${name}, options: { upstream_url: "${provider.origin}/v1/chat/completions" } }
          description: ${description}`;
  return `  - name: ai-proxy-advanced
    route: ${rule}
    config:
      max_request_body_size: ${8 * MEGABYTE}
      balancer: { algorithm: semantic }
      embeddings: { model: { provider: local, name: universal-sentence-encoder-lite } }
      vectordb: { strategy: memory, dimensions: 512, distance_metric: cosine, threshold: 0.8 }
      gw: { rule: ${rule} }
      targets:
${target("coder", "programming and source code")}
${target("mathematician", "mathematics and equations")}
${target("other", "CATCHALL")}`;
}

/** A decision, or a refusal that says why. The signal bounds the time; the test's own limit all of them together. */
async function expectAnswer(rule: string, body: string | Buffer): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${gateway.port}/${rule}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal: AbortSignal.timeout(10_000),
  });
  const answer: unknown = await response.json();
  if (response.status === 200) {
    expect(response.headers.get("x-kong-llm-model")).toMatch(/^openai\/(?:coder|mathematician|other)$/u);
  } else {
    expect(response.status).toBe(400);
    expect(answer).toMatchObject({ error: { message: expect.stringMatching(/\S{3}/u) } });
  }
  return response.status;
}

const chat = (content: unknown): string => JSON.stringify({ messages: [{ role: "user", content }] });

const prompts: readonly (readonly [string, string])[] = [
  ["nothing", ""],
  ["white space", " \n\t "],
  ["1 MB of one letter", "a".repeat(MEGABYTE)],
  ["1 MB of words", "sort this list and ".repeat(MEGABYTE / 19)],
  ["1 MB without a space, of many letters", base64(MEGABYTE)],
  ["1 MB of emoji", "\u{1f600}".repeat(MEGABYTE / 4)],
  ["1 MB of line ends", "\n".repeat(MEGABYTE)],
  ["1 MB of opening brackets", "(".repeat(MEGABYTE)],
  ["emoji", "\u{1f468}\u200d\u{1f469}\u200d\u{1f467} \u{1f3f3}\ufe0f\u200d\u{1f308}"],
  ["right to left", "\u202eمرحبا كيف حالك\u202c שלום"],
  ["NUL", "a\u0000b\u0000"],
  ["all control characters", String.fromCharCode(...Array.from({ length: 32 }, (_, code) => code))],
  ["unpaired surrogates", "\ud800 a \udfff\udc00"],
  ["combining marks on one letter", `e${"\u0301".repeat(100_000)}`],
  ["code", "```js\nfunction f(){ return f() }\n```".repeat(500)],
  ["base64", base64(40_000)],
  ["what looks like a special token", "<|endoftext|><unk></s>▁▁"],
];

it.each(rules.flatMap((rule) => prompts.map(([what, prompt]) => [rule, what, prompt] as const)))(
  "%s: decides on %s",
  async (rule, _, prompt) => {
    expect(await expectAnswer(rule, chat(prompt))).toBe(200);
  },
);

it("decides on any text, and answers any content", async () => {
  const text = fc.oneof(
    fc.string({ unit: "binary", maxLength: 3000 }),
    fc.string({ unit: "grapheme", maxLength: 500 }),
    fc.array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 500 }).map((codes) => String.fromCharCode(...codes)),
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...rules), text, async (rule, prompt) => {
      expect(await expectAnswer(rule, chat(prompt))).toBe(200);
    }),
    { numRuns: 60 },
  );
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...rules), fc.jsonValue(), async (rule, content) => {
      await expectAnswer(rule, chat(content));
    }),
    { numRuns: 60 },
  );
});

it.each([
  ["bytes that are no UTF-8", Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d])],
  ["half of a JSON text", chat("hello").slice(0, 20)],
  ["no message", '{"messages":[]}'],
  ["deeply nested content", `{"messages":[{"role":"user","content":${"[".repeat(20_000)}${"]".repeat(20_000)}}]}`],
])("answers %s", async (_, body) => {
  for (const rule of rules) await expectAnswer(rule, body);
});

it("keeps no long prompts: fifty of 1 MB, all different, leave less than 30 MB", async () => {
  const ask = async (index: number): Promise<number> =>
    await expectAnswer("contrast", chat(`${index} ${base64(MEGABYTE)}`));
  for (let index = 0; index < 5; index += 1) await ask(index);
  const before = await heapInUse();
  for (let index = 5; index < 55; index += 1) await ask(index);
  expect((await heapInUse()) - before).toBeLessThan(30 * MEGABYTE);
});

/** The fake keeps what it receives; that is not the gateway's. */
async function heapInUse(): Promise<number> {
  (provider.requests as unknown[]).length = 0;
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  // What the last requests left is let go of in the turns that follow, and buffers are freed by a thread beside.
  for (let turn = 0; turn < 10; turn += 1) {
    collect();
    await nextTurn();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function base64(length: number): string {
  let state = length + Math.floor(length / 7);
  const bytes = Buffer.alloc(Math.ceil((length * 3) / 4));
  for (let index = 0; index < bytes.length; index += 1) {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    bytes[index] = state >> 16;
  }
  return bytes.toString("base64").slice(0, length);
}
