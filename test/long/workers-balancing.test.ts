import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { serveGw } from "../support/serve-gw.ts";
import { tempDir } from "../support/temp-dir.ts";

const REQUESTS = 10_000;
const CONNECTIONS = 32;
const weights = [50, 30, 20];

test(`round-robin over two workers keeps to the weights within 2 % of ${REQUESTS} requests`, async () => {
  const counts = weights.map(() => 0);
  const ports = await Promise.all(
    weights.map((_, index) => startTarget(() => (counts[index] = (counts[index] ?? 0) + 1))),
  );
  const cwd = tempDir();
  writeFileSync(join(cwd, "kong.yaml"), configuration(ports));
  const gw = await serveGw(["kong.yaml", "--workers", "2", "--log-level", "silent"], { cwd });
  onTestFinished(async () => void (await gw.stop()));

  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  onTestFinished(() => agent.destroy());
  let left = REQUESTS;
  const client = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      expect(await ask(agent, gw.origin)).toBe(200);
    }
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, client));

  expect(counts.reduce((sum, count) => sum + count)).toBe(REQUESTS);
  for (const [index, weight] of weights.entries())
    expect(Math.abs((counts[index] ?? 0) / REQUESTS - weight / 100)).toBeLessThan(0.02);
});

async function startTarget(onRequest: () => void): Promise<number> {
  const server = createServer((message, response) => {
    onRequest();
    message.resume().on("end", () => response.writeHead(200, { "content-type": "application/json" }).end("{}"));
  }).listen(0, "127.0.0.1");
  onTestFinished(() => server.close().closeAllConnections());
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
}

function ask(agent: Agent, origin: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json" };
    const sent = request(`${origin}/chat`, { agent, method: "POST", headers }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode));
    });
    sent.on("error", reject).end('{"messages":[{"role":"user","content":"tea"}]}');
  });
}

function configuration(ports: readonly number[]): string {
  const targets = ports.map((port, index) => ({
    route_type: "llm/v1/chat",
    weight: weights[index],
    model: { provider: "openai", name: `model-${index}`, options: { upstream_url: `http://127.0.0.1:${port}/` } },
  }));
  const plugin = { name: "ai-proxy-advanced", config: { balancer: { algorithm: "round-robin" }, targets } };
  const route = { name: "chat", paths: ["/chat"] };
  return JSON.stringify({
    _format_version: "3.0",
    services: [{ name: "chat", url: "http://chat.invalid", routes: [route] }],
    plugins: [plugin],
  });
}
