import { readFileSync, writeFileSync } from "node:fs";
import { request as httpRequest } from "node:http";
import type { Socket } from "node:net";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AiProxyAdvancedConfig } from "../../src/config/types.ts";
import { subscribe } from "../../src/observability/events.ts";
import { aiAuth, aiConfig, aiTarget } from "../support/ai-plugin.ts";
import { type AiGateway, startAiGateway } from "../support/ai-gateway.ts";
import { type FaultyServer, startFaultyServer } from "../support/faulty-server.ts";
import { closedOrigin, type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";

type Criteria = AiProxyAdvancedConfig["balancer"]["failover_criteria"];

/** One way in which the first of two targets fails. */
interface Fault {
  readonly name: string;
  /** The first target's origin; `{port}` is that of a server that does `does` with each request. */
  readonly origin?: string | (() => Promise<string>);
  readonly does?: (socket: Socket) => void;
  readonly isStream?: boolean;
  /** No other target is tried, whatever is listed. */
  readonly isFinal?: true;
  /** Time passes until the stream counts as stalled: before its first byte, or after it. */
  readonly stalls?: "before" | "after";
  /** The server reads nothing, of a request that is more than connections hold. */
  readonly isDeaf?: true;
  /** The first target's key is not in its vault. */
  readonly isKeyless?: true;
}

/** What became of a request. */
interface Seen {
  readonly client: string;
  readonly tried: string;
  readonly billed: string;
}

/** They hold for the second target, too, which answers at once: that a busy machine takes so long is not likely. */
const READ_TIMEOUT_MS = 1_000;
const CONNECT_TIMEOUT_MS = 1_000;
const WRITE_TIMEOUT_MS = 1_000;
const DEAF_BYTES = 32 << 20;
const json = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 100\r\n\r\n";
const sse = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
const event = chunk('data: {"choices":[{"index":0,"delta":{"content":"one"}}]}\n\n');
const status = (code: number, headers = "") => {
  return (socket: Socket): void =>
    void socket.write(`HTTP/1.1 ${code} Status\r\n${headers}content-length: 2\r\n\r\n{}`);
};

const absentKey = aiAuth("{vault://v/absent}");

const faults: readonly Fault[] = [
  { name: "its key cannot be had", isKeyless: true },
  { name: "connection refused", origin: closedOrigin },
  { name: "name not found (DNS)", origin: "http://nowhere.invalid" },
  { name: "TLS handshake fails", origin: async () => second.origin.replace("http:", "https:") },
  { name: "TLS handshake not done within connect_timeout", origin: "https://127.0.0.1:{port}" },
  { name: "reset before the head", does: (socket) => socket.resetAndDestroy() },
  { name: "closed in the middle of the head", does: (socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-ty") },
  { name: "an answer that is not HTTP", does: (socket) => socket.end("hello\r\n\r\n") },
  { name: "a large request not taken within write_timeout", isDeaf: true },
  { name: "no head within read_timeout" },
  { name: "reset between the head and the first byte", does: (socket) => cutAfter(socket, json) },
  { name: "the same, of a stream", does: (socket) => cutAfter(socket, sse), isStream: true },
  { name: "a stream silent after its head", does: (socket) => socket.write(sse), isStream: true, stalls: "before" },
  { name: "reset in the middle of an answer", does: (socket) => cutAfter(socket, `${json}{"choices":`), isFinal: true },
  {
    name: "reset in the middle of a stream",
    does: (socket) => cutAfter(socket, sse + event),
    isStream: true,
    isFinal: true,
  },
  {
    name: "a stream silent for 60 s after an event",
    does: (socket) => socket.write(sse + event),
    isStream: true,
    isFinal: true,
    stalls: "after",
  },
  { name: "429 with Retry-After", does: status(429, "retry-after: 7\r\n") },
  ...[500, 502, 503, 504].map((code): Fault => ({ name: String(code), does: status(code) })),
  { name: "501, which cannot be listed", does: status(501), isFinal: true },
  { name: "401, which cannot be listed", does: status(401), isFinal: true },
  { name: "400: the client's fault", does: status(400), isFinal: true },
];

const criteria = {
  default: ["error", "timeout"],
  full: [
    "error",
    "timeout",
    "invalid_header",
    "http_429",
    "http_500",
    "http_502",
    "http_503",
    "http_504",
    "non_idempotent",
  ],
} as const satisfies Record<string, Criteria>;

let second: FakeUpstream;
beforeAll(async () => {
  second = await startFakeUpstream({ reply: (request) => request.answer(200, {}, "{}") });
});
afterAll(async () => await second.close());

const seen = new Map<string, Seen>();

describe.each(Object.entries(criteria))("with %s criteria", (name, list) => {
  test.each(faults)("$name", async (fault) => {
    const server = await startFaultyServer(fault.does ?? (() => {}), { reads: fault.isDeaf !== true });
    const gateway = await startFor(fault, server, list);
    try {
      const found = await askOnce(gateway, fault);
      seen.set(`${name} ${fault.name}`, found);
      if (name === "full" && fault.isFinal === undefined) expect(found.client).toBe("200 of the second");
    } finally {
      await gateway.close();
      await server.close();
    }
  });
});

test("docs/failover.md shows what was seen (UPDATE_DOCS=1 writes it)", () => {
  const page = fileURLToPath(new URL("../../docs/failover.md", import.meta.url));
  const text = readFileSync(page, "utf8");
  const written = text.replace(
    /(<!-- faults: .*? -->\n)[^]*?(\n<!-- \/faults -->)/,
    (_, start: string, end: string) => start + table() + end,
  );
  if (process.env["UPDATE_DOCS"] === "1") writeFileSync(page, written);
  expect(readFileSync(page, "utf8")).toBe(written);
});

async function startFor(fault: Fault, server: FaultyServer, list: Criteria): Promise<AiGateway> {
  const { origin = "http://127.0.0.1:{port}", isDeaf, isKeyless } = fault;
  const first = typeof origin === "string" ? origin.replace("{port}", String(server.port)) : await origin();
  const targets = [
    aiTarget(first, {
      name: "first",
      description: "one",
      weight: 2,
      ...(isKeyless === true ? { auth: absentKey } : {}),
    }),
    aiTarget(second.origin, { name: "second", description: "two", weight: 1 }),
  ];
  const timeouts =
    isDeaf === true
      ? { write_timeout: WRITE_TIMEOUT_MS, read_timeout: 60_000 }
      : { connect_timeout: CONNECT_TIMEOUT_MS, read_timeout: READ_TIMEOUT_MS };
  const balancer = { ...timeouts, algorithm: "priority", failover_criteria: list } as const;
  return await startAiGateway(aiConfig(targets, { balancer, max_request_body_size: 2 * DEAF_BYTES }));
}

async function askOnce(gateway: AiGateway, { isStream = false, stalls, isDeaf }: Fault): Promise<Seen> {
  const ended = nextAiLog();
  const client = await new Promise<string>((resolve) => {
    const headers = { "content-type": "application/json" };
    const sent = httpRequest({ port: gateway.port, method: "POST", headers, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (data: string) => {
        text += data;
        if (stalls === "after" && text.includes("one")) gateway.clock.advance(60_000);
      });
      response.on("error", () => resolve(`${response.statusCode}, cut off`));
      response.on("end", () => resolve(describeAnswer(response.statusCode ?? 0, text)));
    });
    sent.on("error", (error) => resolve(`cut off (${error.message})`));
    sent.end(
      JSON.stringify({
        stream: isStream,
        messages: [{ role: "user", content: isDeaf === true ? "x".repeat(DEAF_BYTES) : "tea" }],
      }),
    );
    if (stalls === "before") void passTime(gateway);
  });
  const { attempts, billed_attempts: billed } = await ended;
  return { client, tried: String(attempts), billed: String(billed) };
}

/** Once the stream's head has arrived somebody waits for its first byte. */
async function passTime({ clock }: AiGateway): Promise<void> {
  while (!clock.waiting.includes(READ_TIMEOUT_MS)) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(READ_TIMEOUT_MS);
}

function nextAiLog(): Promise<Readonly<Record<string, unknown>>> {
  return new Promise((resolve) => {
    const stop = subscribe("exchange-end", ({ ai }) => {
      stop();
      resolve(ai ?? {});
    });
  });
}

function describeAnswer(code: number, text: string): string {
  const error = /"code":"(gw_\w+)"/.exec(text)?.[1];
  const events = text.split("data: ").length - 1;
  if (events > 0) return `${code}, ${events > 1 ? "an event, " : ""}then the error event \`${error}\``;
  if (error !== undefined) return `${code} \`${error}\``;
  return code === 200 ? "200 of the second" : `${code} of the first`;
}

function table(): string {
  const rows = faults.map((fault) => {
    const cells = Object.keys(criteria).map((name) => {
      const { client = "", tried = "", billed = "" } = seen.get(`${name} ${fault.name}`) ?? {};
      return `${client} | ${tried} | ${billed}`;
    });
    return `| ${fault.name} | ${cells.join(" | ")} |`;
  });
  const head =
    "| fault of the first target | default: client sees | tried | billed | full: client sees | tried | billed |";
  return [head, "| --- | --- | --- | --- | --- | --- | --- |", ...rows].join("\n");
}

function cutAfter(socket: Socket, text: string): void {
  socket.write(text, () => socket.end());
}

function chunk(text: string): string {
  return `${Buffer.byteLength(text).toString(16)}\r\n${text}\r\n`;
}
