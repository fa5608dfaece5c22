import { once } from "node:events";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { type ServedGw, serveGw } from "../support/serve-gw.ts";
import { tempDir } from "../support/temp-dir.ts";

const SECONDS = 60;
const CONNECTIONS = 64;
const FLAP_MS = 700;

type Mood = (response: ServerResponse, isStream: boolean) => void;

const event = 'data: {"choices":[{"index":0,"delta":{"content":"tea"}}]}\n\n';

const answer: Mood = (response, isStream) => {
  if (isStream) {
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.write(event);
    response.end("data: [DONE]\n\n");
    return;
  }
  response.writeHead(200, { "content-type": "application/json" });
  response.end('{"choices":[{"index":0,"message":{"role":"assistant","content":"tea"}}]}');
};
const refuse =
  (status: number, headers = {}): Mood =>
  (response) => {
    response.writeHead(status, headers).end("{}");
  };
let silences = 0;
/** Each can be made good by another target, because nothing has gone to the client. */
const badMoods: readonly Mood[] = [
  refuse(500),
  refuse(502),
  refuse(503, { "retry-after": "1" }),
  refuse(504),
  refuse(429, { "retry-after": "1" }),
  (response) => void response.socket?.resetAndDestroy(),
  // A head, and then nothing more before the first byte.
  (response, isStream) => {
    response.writeHead(200, { "content-type": isStream ? "text/event-stream" : "application/json" }).flushHeaders();
    response.socket?.destroySoon();
  },
  // Now and then nothing at all: only read_timeout ends it.
  (response, isStream) => {
    silences += 1;
    if (silences % 20 !== 0) answer(response, isStream);
  },
];

interface Flapper {
  readonly server: Server;
  readonly port: number;
  mood: Mood;
}

async function startTarget(): Promise<Flapper> {
  const flapper = {
    mood: answer,
    server: createServer((message, response) => void serve(flapper.mood, message, response)),
    port: 0,
  };
  flapper.server.listen(0, "127.0.0.1");
  await once(flapper.server, "listening");
  flapper.port = (flapper.server.address() as AddressInfo).port;
  return flapper;
}

async function serve(mood: Mood, message: IncomingMessage, response: ServerResponse): Promise<void> {
  let body = "";
  message.setEncoding("utf8").on("error", () => {});
  message.on("data", (chunk: string) => (body += chunk));
  await once(message, "end");
  mood(response, body.includes('"stream":true'));
}

test(`${SECONDS} s at full rate while three of four targets flap: no client sees an error, sockets and memory stay flat`, async () => {
  const targets = await Promise.all([startTarget(), startTarget(), startTarget(), startTarget()]);
  const gw = await startGw(targets);
  onTestFinished(async () => {
    await gw.stop();
    for (const { server } of targets) server.close().closeAllConnections();
  });
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  const seen = new Map<string, number>();
  const sizes: Size[] = [];
  const endAt = Date.now() + SECONDS * 1000;
  const flapping = setInterval(() => {
    sizes.push(sizeOf(gw.pid));
    flap(targets.slice(0, -1), sizes.length);
  }, FLAP_MS);
  const client = async (first: number): Promise<void> => {
    for (let number = first; Date.now() < endAt; number++) {
      const what = await ask(agent, gw.origin, number % 2 === 0);
      seen.set(what, (seen.get(what) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, (_, first) => client(first)));
  clearInterval(flapping);
  agent.destroy();

  console.info(describeRun(seen, sizes));
  expect([...seen.keys()].sort()).toEqual(["answer", "stream"]);
  expect((seen.get("answer") ?? 0) + (seen.get("stream") ?? 0)).toBeGreaterThan(SECONDS * 50);
  const tenth = Math.floor(sizes.length / 10);
  const [middle, last] = [mean(sizes.slice(4 * tenth, 5 * tenth)), mean(sizes.slice(-tenth))];
  expect(last.megabytes).toBeLessThan(middle.megabytes * 1.2 + 16);
  expect(last.descriptors).toBeLessThan(middle.descriptors * 1.2 + CONNECTIONS);
});

async function startGw(targets: readonly Flapper[]): Promise<ServedGw> {
  const cwd = tempDir();
  writeFileSync(join(cwd, "kong.yaml"), configuration(targets));
  // A small heap: V8 collects a large one so late that nothing looks flat.
  const env = { NODE_OPTIONS: "--max-old-space-size=32" };
  return await serveGw(["kong.yaml", "--log-level", "error"], { cwd, env });
}

/** Each is well at times. */
function flap(targets: readonly Flapper[], round: number): void {
  for (const [index, target] of targets.entries()) {
    const mood = (round * 5 + index * 3) % (badMoods.length + 2);
    target.mood = badMoods[mood] ?? answer;
  }
}

/** `answer` or `stream` when it is whole. */
function ask(agent: Agent, origin: string, isStream: boolean): Promise<string> {
  return new Promise((resolve) => {
    const options = { agent, method: "POST", headers: { "content-type": "application/json" } };
    const sent = request(`${origin}/chat`, options, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (text += chunk));
      response.on("error", (error) => resolve(`cut: ${error.message}`));
      response.on("end", () => resolve(describeAnswer(response.statusCode ?? 0, text)));
    });
    sent.on("error", (error) => resolve(`failed: ${error.message}`));
    sent.end(JSON.stringify({ stream: isStream, messages: [{ role: "user", content: "tea" }] }));
  });
}

function describeAnswer(status: number, text: string): string {
  if (status === 200 && text.endsWith("[DONE]\n\n")) return "stream";
  if (status === 200 && text.endsWith('"tea"}}]}')) return "answer";
  return `${status} ${text}`;
}

interface Size {
  readonly megabytes: number;
  readonly descriptors: number;
}

function sizeOf(pid: number): Size {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return {
    megabytes: Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) / 1024,
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  };
}

function describeRun(seen: ReadonlyMap<string, number>, sizes: readonly Size[]): string {
  const [first, last] = [mean(sizes.slice(5, 10)), mean(sizes.slice(-5))];
  const range = (of: (size: Size) => number): string => `${Math.round(of(first))} → ${Math.round(of(last))}`;
  const counts = [...seen].map(([what, count]) => `${count} × ${what}`).join(", ");
  return `${counts}; resident ${range(({ megabytes }) => megabytes)} MB, descriptors ${range(({ descriptors }) => descriptors)}`;
}

function mean(sizes: readonly Size[]): Size {
  const sum = (of: (size: Size) => number): number => sizes.reduce((total, size) => total + of(size), 0) / sizes.length;
  return { megabytes: sum((size) => size.megabytes), descriptors: sum((size) => size.descriptors) };
}

function configuration(targets: readonly Flapper[]): string {
  const lines = targets.map(
    ({ port }, index) => `
        - route_type: llm/v1/chat
          model:
            provider: openai
            name: model-${index}
            options:
              upstream_url: http://127.0.0.1:${port}/v1/chat/completions`,
  );
  return `_format_version: "3.0"
services:
  - name: chat
    url: http://chat.invalid
    routes:
      - name: chat
        paths: [/chat]
plugins:
  - name: ai-proxy-advanced
    config:
      balancer:
        algorithm: round-robin
        read_timeout: 2000
        max_fails: 50
        fail_timeout: 1000
        failover_criteria:
          [error, timeout, http_429, http_500, http_502, http_503, http_504, non_idempotent]
      targets:${lines.join("")}
`;
}
