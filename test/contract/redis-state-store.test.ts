import { afterAll, beforeAll, expect, it } from "vitest";
import type { StateStore } from "../../src/state/store.ts";
import { openRedisStore } from "../../src/state/stores/redis.ts";
import { describeWithRedis, type RedisServer, startRedis } from "../services/redis.ts";
import { gatewayConfig } from "../support/gateway-config.ts";
import { stateStoreContract } from "./state-store.contract.ts";

const next = (name: string) => ({
  config: gatewayConfig({ services: [{ id: name, name }] }),
  origins: {},
  unavailablePlugins: [],
});
const revision = {
  at: "2026-11-22T10:00:00.000Z",
  who: "x",
  files: [],
  summary: { created: 1, updated: 0, deleted: 0 },
};

describeWithRedis("a state store on Redis", () => {
  let server: RedisServer;
  let database = 0;

  beforeAll(async () => {
    server = await startRedis({ flags: ["--databases", "64", "--requirepass", "p@ss"] });
  });
  afterAll(async () => await server.stop());

  /** Each place is a database of its own. */
  function makePlace(): { open(): StateStore } {
    database += 1;
    const location = `redis://:p%40ss@${server.host}:${server.port}/${database}`;
    return { open: () => openRedisStore(location) };
  }

  stateStoreContract("redis", makePlace);

  it("leaves a store of a newer format untouched", async () => {
    const store = makePlace().open();
    await store.write(next("a"), revision, 0);
    const settings = `redis://:p%40ss@${server.host}:${server.port}/${database}`;
    const { Redis } = await import("ioredis");
    const client = new Redis(settings);
    await client.set("gw:{state}:snapshot:1", JSON.stringify({ format: 2 }));
    await expect(store.read()).rejects.toMatchObject({ code: "GW_STATE_TOO_NEW" });
    await client.set("gw:{state}:snapshot:1", "{");
    await expect(store.read()).rejects.toMatchObject({ code: "GW_STATE_CORRUPT" });
    expect(await client.get("gw:{state}:serial")).toBe("1");
    client.disconnect();
    await store.close();
  });

  it("says nothing to watchers while the server is away or empty, and catches up after", async () => {
    const own = await startRedis();
    const open = (): StateStore => openRedisStore(`redis://${own.host}:${own.port}`);
    const [gateway, writer] = [open(), open()];
    await writer.write(next("a"), revision, 0);
    await gateway.read();
    let calls = 0;
    const stop = gateway.watch(() => calls++);
    await own.stop();
    await expect(gateway.read()).rejects.toMatchObject({ code: "GW_STATE_UNREACHABLE" });
    await own.start();
    await expect
      .poll(async () => await gateway.read().catch(() => undefined), { timeout: 8_000 })
      .toMatchObject({ serial: 0 });
    expect(calls).toBe(0);
    await writer.close();
    const again = open();
    await again.write(next("b"), revision, 0);
    await again.write(next("c"), revision, 1);
    await expect.poll(() => calls, { timeout: 8_000 }).toBeGreaterThan(0);
    expect((await gateway.read()).config.services).toMatchObject([{ name: "c" }]);
    stop();
    await Promise.all([gateway.close(), again.close(), own.stop()]);
  }, 20_000);
});
