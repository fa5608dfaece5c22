import { EventEmitter, once } from "node:events";
import { Agent, createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { expect, onTestFinished, test } from "vitest";
import { serveYaml } from "../support/serve-yaml.ts";

const RELOADS = 1_000;
const CONNECTIONS = 16;

setFlagsFromString("--expose-gc");
const collectGarbage = runInNewContext("gc") as () => void;

test(`${RELOADS} reloads under load: no request fails, memory and handles stay flat`, async () => {
  const backend = createServer((message, response) => message.resume().on("end", () => response.end("tea")));
  backend.listen(0, "127.0.0.1");
  await once(backend, "listening");
  const { port } = backend.address() as AddressInfo;
  const gateway = await serveYaml(configuration(port, 0));
  const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
  onTestFinished(async () => {
    agent.destroy();
    await gateway.close();
    backend.close().closeAllConnections();
  });

  const over = new AbortController();
  const answers = new Map<string, number>();
  const served = new EventEmitter();
  const client = async (): Promise<void> => {
    while (!over.signal.aborted) {
      const answer = await ask(agent, gateway.port);
      answers.set(answer, (answers.get(answer) ?? 0) + 1);
      served.emit("answer");
    }
  };
  const clients = Array.from({ length: CONNECTIONS }, client);
  const sizes: Size[] = [];
  for (let number = 1; number <= RELOADS; number += 1) {
    const answered = once(served, "answer");
    await gateway.server.swap(await gateway.build(configuration(port, number)));
    await answered;
    if (number % (RELOADS / 10) === 0) sizes.push(size());
  }
  over.abort();
  await Promise.all(clients);

  expect([...answers.keys()]).toEqual(["200 tea"]);
  expect(answers.get("200 tea")).toBeGreaterThan(RELOADS);
  const [early, last] = [sizes[1], sizes.at(-1)];
  expect(last?.megabytes).toBeLessThan((early?.megabytes ?? 0) * 1.1 + 4);
  expect(last?.handles).toBeLessThan((early?.handles ?? 0) + CONNECTIONS);
});

/** An upstream with checks, and plugins that keep something from reload to reload. */
function configuration(port: number, number: number): string {
  return `
upstreams:
  - name: pool
    targets: [{ target: "127.0.0.1:${port}" }]
    healthchecks: { active: { healthy: { interval: 1, successes: 1 }, unhealthy: { interval: 1, tcp_failures: 3 } } }
services:
  - name: tea
    host: pool
    routes: [{ name: tea, paths: [/tea] }, { name: "number-${number}", paths: ["/number/${number}", "~/[a-z]+/${number}$"] }]
    plugins: [{ name: rate-limiting, config: { minute: 100000000, policy: local } }, { name: correlation-id }]
`;
}

function ask(agent: Agent, port: number): Promise<string> {
  return new Promise((resolve) => {
    const sent = request({ host: "127.0.0.1", port, path: "/tea", method: "POST", agent }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk: string) => (text += chunk));
      response.on("error", (error) => resolve(`cut: ${error.message}`));
      response.on("end", () => resolve(`${response.statusCode} ${text}`));
    });
    sent.on("error", (error) => resolve(`failed: ${error.message}`));
    sent.end("?");
  });
}

interface Size {
  readonly megabytes: number;
  readonly handles: number;
}

function size(): Size {
  collectGarbage();
  return {
    megabytes: process.memoryUsage().heapUsed / 1_048_576,
    handles: process.getActiveResourcesInfo().length,
  };
}
