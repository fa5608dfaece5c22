import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type ExchangeEnd, publish } from "../../../src/observability/events.ts";
import { createLog, type Log, type LogLevel } from "../../../src/observability/log.ts";
import { createFakeClock } from "../../support/fake-clock.ts";
import { tempDir } from "../../support/temp-dir.ts";

const exchange: ExchangeEnd = {
  exchangeId: "0123456789abcdef0123456789abcdef",
  startedAt: 10,
  ms: 12.3456,
  clientAddress: "127.0.0.1",
  method: "POST",
  path: "/chat",
  status: 200,
  isCancelled: false,
  bytesSent: 42,
  route: "chat",
  upstreamMs: 10.001,
  proxyMs: 1.999,
  ai: { provider: "openai" },
};

let log: Log | undefined;

afterEach(() => log?.close());

function startLog(level: LogLevel = "info") {
  const lines: Record<string, unknown>[] = [];
  const clock = createFakeClock();
  log = createLog({
    destination: { write: (line) => lines.push(JSON.parse(line) as Record<string, unknown>) },
    level,
    clock,
  });
  return { lines, clock };
}

describe("createLog", () => {
  it("writes one line per exchange", () => {
    const { lines } = startLog();
    publish("exchange-end", exchange);
    expect(lines).toEqual([
      {
        level: "info",
        time: expect.any(Number) as number,
        event: "exchange",
        exchange_id: exchange.exchangeId,
        client: "127.0.0.1",
        method: "POST",
        path: "/chat",
        status: 200,
        ms: 12.35,
        upstream_ms: 10,
        proxy_ms: 2,
        bytes_sent: 42,
        route: "chat",
        ai: { provider: "openai" },
        msg: "exchange",
      },
    ]);
  });

  it("says that an exchange was cancelled, and by which error one ended", () => {
    const { lines } = startLog();
    publish("exchange-end", { ...exchange, isCancelled: true, errorCode: "GW_UPSTREAM_TIMEOUT" });
    expect(lines).toEqual([expect.objectContaining({ cancelled: true, error_code: "GW_UPSTREAM_TIMEOUT" })]);
  });

  it("writes what happens to the configuration, at the level of its weight", () => {
    const { lines } = startLog();
    publish("config-swap", { serial: 7, routes: 3, ms: 5 });
    publish("config-refused", { serial: undefined, message: "2 problems" });
    expect(lines).toEqual([
      expect.objectContaining({ level: "info", event: "config-swap", serial: 7, routes: 3 }),
      expect.objectContaining({ level: "error", event: "config-refused", reason: "2 problems" }),
    ]);
  });

  it.each<[LogLevel, readonly string[]]>([
    ["info", ["exchange", "notice", "config-refused"]],
    ["warn", ["notice", "config-refused"]],
    ["error", ["config-refused"]],
    ["silent", []],
  ])("level %s writes %j", (level, events) => {
    const { lines } = startLog(level);
    publish("exchange-end", exchange);
    publish("notice", { code: "a", message: "m" });
    publish("config-refused", { serial: 1, message: "m" });
    expect(lines.map((line) => line["event"])).toEqual(events);
  });

  it("hears nothing after it is closed", () => {
    const { lines } = startLog();
    log?.close();
    publish("exchange-end", exchange);
    expect(lines).toEqual([]);
  });

  it("writes to a file in blocks, soon, and all that is left when it is closed", async () => {
    const path = join(tempDir(), "access.log");
    const fd = openSync(path, "w");
    const clock = createFakeClock();
    const countLines = (): number => readFileSync(path, "utf8").split("\n").length - 1;
    log = createLog({ destination: fd, level: "info", clock });
    publish("exchange-end", exchange);
    expect(countLines()).toBe(0);
    clock.advance(100);
    await expect.poll(countLines).toBe(1);
    publish("exchange-end", exchange);
    publish("exchange-end", exchange);
    log.close();
    expect(countLines()).toBe(3);
    closeSync(fd);
  });
});

describe("notices", () => {
  const notice = { code: "vector-store-away", message: "Redis does not answer." };

  it("are written at once, and then once a second with their number", () => {
    const { lines, clock } = startLog();
    for (let index = 0; index < 5; index += 1) publish("notice", { ...notice, details: { index } });
    publish("notice", { code: "other", message: "Something else." });
    expect(lines.map(({ code, count, details }) => ({ code, count, details }))).toEqual([
      { code: "vector-store-away", details: { index: 0 } },
      { code: "other" },
    ]);
    clock.advance(1_000);
    expect(lines[2]).toMatchObject({
      level: "warn",
      code: "vector-store-away",
      count: 4,
      details: { index: 4 },
      msg: notice.message,
    });
    publish("notice", notice);
    expect(lines.length).toBe(3);
    clock.advance(1_000);
    expect(lines.length).toBe(4);
    clock.advance(1_000);
    publish("notice", notice);
    expect(lines.length).toBe(5);
  });

  it("that are held back are written when the log is closed", () => {
    const { lines, clock } = startLog();
    for (let index = 0; index < 3; index += 1) publish("notice", notice);
    log?.close();
    expect(lines.map(({ count }) => count)).toEqual([undefined, 2]);
    expect(clock.waiting).toEqual([]);
  });
});
