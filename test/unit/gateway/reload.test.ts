import { Agent, request } from "node:http";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ConfigError } from "../../../src/core/errors.ts";
import { startReload, type Reload } from "../../../src/gateway/reload.ts";
import type { Runtime } from "../../../src/gateway/runtime.ts";
import { type EventMap, subscribe } from "../../../src/observability/events.ts";
import type { Plugin } from "../../../src/plugins/plugin.ts";
import { createFakeClock, type FakeClock } from "../../support/fake-clock.ts";
import { makePlugin, makeRoute } from "./entities.ts";
import { ask, startGateway, type TestGateway } from "./start-gateway.ts";

let gateway: TestGateway;
let clock: FakeClock;
let reload: Reload;
let change: () => void;
let isWatching: boolean;
let swaps: EventMap["config-swap"][];
let refusals: EventMap["config-refused"][];
let stops: (() => void)[];

const config = { routes: [makeRoute({ paths: ["/"] })], plugins: [makePlugin({ name: "answer" })] };
let closed: string[];
let held: (() => void)[];

/** Answers with the name it was made under; `/hold` waits until the test says so. */
function makeAnswer(name: string, warm?: Plugin["warm"]): Plugin {
  return {
    async handle(exchange) {
      if (exchange.request.path === "/hold") await new Promise<void>((resolve) => held.push(resolve));
      exchange.begin(200, []);
      exchange.end(name);
    },
    ...(warm === undefined ? {} : { warm }),
    close: () => Promise.resolve(void closed.push(name)),
  };
}

beforeEach(async () => {
  closed = [];
  held = [];
  swaps = [];
  refusals = [];
  let made = 0;
  gateway = await startGateway(config, {
    answer: { name: "answer", priority: 1, create: () => Promise.resolve(makeAnswer(`runtime ${++made}`)) },
  });
  clock = createFakeClock();
  stops = [
    subscribe("config-swap", (event) => swaps.push(event)),
    subscribe("config-refused", (event) => refusals.push(event)),
  ];
});

afterEach(async () => {
  for (const resume of held) resume();
  await reload.stop();
  for (const stop of stops) stop();
  await gateway.close();
});

function start(load: () => Promise<Runtime>): void {
  isWatching = true;
  const watch = (onChange: () => void): (() => void) => {
    change = onChange;
    return () => {
      isWatching = false;
    };
  };
  reload = startReload({ watch, load, server: gateway.server, clock });
}

/** A change, and the quiet after it. */
function changeAndWait(): void {
  change();
  clock.advance(50);
}

describe("startReload", () => {
  it("serves what is loaded after a change, and closes what was served before", async () => {
    start(() => gateway.makeRuntime(config, { serial: 2 }));
    expect((await ask(gateway.port, "/")).body).toBe("runtime 1");
    changeAndWait();
    await expect.poll(() => swaps).toEqual([{ serial: 2, routes: 1, ms: expect.any(Number) as number }]);
    expect((await ask(gateway.port, "/")).body).toBe("runtime 2");
    expect(closed).toEqual(["runtime 1"]);
  });

  it("lets requests end on the configuration they began on", async () => {
    start(() => gateway.makeRuntime(config, { serial: 2 }));
    const old = ask(gateway.port, "/hold");
    await expect.poll(() => held.length).toBe(1);
    changeAndWait();
    await expect.poll(() => swaps.length).toBe(1);
    expect((await ask(gateway.port, "/")).body).toBe("runtime 2");
    expect(closed).toEqual([]);
    held.pop()?.();
    expect((await old).body).toBe("runtime 1");
    await expect.poll(() => closed).toEqual(["runtime 1"]);
  });

  it("keeps what is served when the new configuration cannot be loaded, and says so", async () => {
    let isBroken = true;
    start(() => {
      if (isBroken) throw new ConfigError("2 problems in kong.yaml", []);
      return gateway.makeRuntime(config, { serial: 3 });
    });
    changeAndWait();
    await expect.poll(() => refusals).toEqual([{ serial: undefined, message: "2 problems in kong.yaml" }]);
    expect((await ask(gateway.port, "/")).body).toBe("runtime 1");
    isBroken = false;
    changeAndWait();
    await expect.poll(() => swaps.length).toBe(1);
  });

  it("loads once for a burst of changes, and once more for those that come while it loads", async () => {
    const loads: (() => void)[] = [];
    start(async () => {
      await new Promise<void>((resolve) => loads.push(resolve));
      return await gateway.makeRuntime(config, { serial: 10 + loads.length });
    });
    for (let index = 0; index < 5; index += 1) change();
    clock.advance(50);
    expect(loads.length).toBe(1);
    changeAndWait();
    changeAndWait();
    expect(loads.length).toBe(1);
    loads[0]?.();
    await expect.poll(() => loads.length).toBe(2);
    loads[1]?.();
    await expect.poll(() => swaps.map(({ serial }) => serial)).toEqual([11, 12]);
  });

  it("does not swap for a serial that is already served", async () => {
    let loads = 0;
    start(async () => {
      loads += 1;
      return await gateway.makeRuntime(config, { serial: 2 });
    });
    changeAndWait();
    await expect.poll(() => swaps.length).toBe(1);
    changeAndWait();
    await expect.poll(() => loads).toBe(2);
    await expect.poll(() => closed).toEqual(["runtime 1", "runtime 3"]);
    expect(swaps.length).toBe(1);
  });

  it("waits for a new configuration to warm up, but not for long", async () => {
    let isWarming = false;
    const warm = (): Promise<void> => {
      isWarming = true;
      return new Promise(() => {});
    };
    const slow = await startGateway(config, {
      answer: { name: "answer", priority: 1, create: () => Promise.resolve(makeAnswer("slow", warm)) },
    });
    start(() => slow.makeRuntime(config, { serial: 2 }));
    changeAndWait();
    await expect.poll(() => isWarming).toBe(true);
    expect(swaps).toEqual([]);
    clock.advance(300);
    await expect.poll(() => swaps.length).toBe(1);
    await slow.close();
  });

  it("stops watching, and drops what was still being loaded", async () => {
    let release = (): void => {};
    start(async () => {
      await new Promise<void>((resolve) => {
        release = resolve;
      });
      return await gateway.makeRuntime(config, { serial: 2 });
    });
    changeAndWait();
    const stopped = reload.stop();
    release();
    await stopped;
    expect(isWatching).toBe(false);
    expect(swaps).toEqual([]);
    expect(closed).toEqual(["runtime 2"]);
    change();
    expect(clock.waiting).toEqual([]);
  });

  it("drops no request while configurations come and go", async () => {
    let serial = 0;
    start(() => gateway.makeRuntime(config, { serial: ++serial }));
    const agent = new Agent({ keepAlive: true, maxSockets: 8 });
    const enough = new AbortController();
    const statuses = new Map<number, number>();
    const client = async (): Promise<void> => {
      while (!enough.signal.aborted) {
        const status = await statusOf(agent, gateway.port);
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
    };
    const clients = Array.from({ length: 8 }, client);
    for (let round = 1; round <= 20; round += 1) {
      changeAndWait();
      await expect.poll(() => swaps.length, { interval: 5 }).toBe(round);
    }
    enough.abort();
    await Promise.all(clients);
    agent.destroy();
    expect([...statuses.keys()]).toEqual([200]);
    await expect.poll(() => closed.length).toBe(20);
  });
});

function statusOf(agent: Agent, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const sent = request({ host: "127.0.0.1", port, path: "/", agent }, (response) => {
      response.resume().on("end", () => resolve(response.statusCode ?? 0));
    });
    sent.on("error", reject).end();
  });
}
