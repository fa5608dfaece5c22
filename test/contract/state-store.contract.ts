import { describe, expect, it, onTestFinished } from "vitest";
import type { Revision, Snapshot, StateStore } from "../../src/state/store.ts";
import { gatewayConfig } from "../support/gateway-config.ts";

type Next = Omit<Snapshot, "serial">;

const first: Next = {
  config: gatewayConfig({
    services: [
      { id: "s2", name: "alpha", host: 'quote " and \u2028 and 💡', port: 443 },
      { id: "s1", name: "beta", host: "b.example.com", port: 80, tags: ["x"] },
    ],
    plugins: [
      {
        id: "p1",
        name: "ai-proxy-advanced",
        config: { targets: [{ b: 1, a: null }], empty: {} },
        route: { id: "gone" },
      },
    ],
  }),
  origins: { s1: ["/host"], unknown: ["/x"] },
  unavailablePlugins: ["p1"],
};
const second: Next = {
  config: gatewayConfig({ services: [{ id: "s1", name: "alpha" }] }),
  origins: {},
  unavailablePlugins: [],
};
const revision: Omit<Revision, "serial"> = {
  at: "2026-11-22T10:00:00.000Z",
  who: "someone",
  files: ["kong.yaml", "-"],
  summary: { created: 3, updated: 0, deleted: 0 },
};

/** `makePlace` gives a new empty place; each `open` of it is another process's view. */
export function stateStoreContract(name: string, makePlace: () => { open(): StateStore }): void {
  function openTwo(): readonly [StateStore, StateStore] {
    const place = makePlace();
    return [opened(place.open()), opened(place.open())];
  }

  function opened(store: StateStore): StateStore {
    onTestFinished(() => store.close());
    return store;
  }

  describe(`state store: ${name}`, () => {
    it("is empty, at serial 0 and without history before the first write", async () => {
      const [store] = openTwo();
      expect(await store.read()).toEqual({ serial: 0, config: gatewayConfig(), origins: {}, unavailablePlugins: [] });
      expect(await store.history()).toEqual([]);
    });

    it("gives back what was written, entities in their natural order, to everyone who has it open", async () => {
      const [store, other] = openTwo();
      await other.read();
      expect(await store.write(first, revision, 0)).toBe(1);
      expect(await store.read()).toEqual({ ...first, serial: 1 });
      expect(await other.read()).toEqual({ ...first, serial: 1 });
    });

    it("replaces the whole state with each write", async () => {
      const [store, other] = openTwo();
      await store.write(first, revision, 0);
      expect(await other.write(second, revision, 1)).toBe(2);
      expect(await store.read()).toEqual({ ...second, serial: 2 });
    });

    it("refuses a write that was planned on another serial, and changes nothing", async () => {
      const [store, other] = openTwo();
      await store.write(first, revision, 0);
      await expect(other.write(second, revision, 0)).rejects.toMatchObject({ code: "GW_STATE_CONFLICT" });
      await expect(other.write(second, revision, 7)).rejects.toMatchObject({ code: "GW_STATE_CONFLICT" });
      expect(await store.read()).toEqual({ ...first, serial: 1 });
      expect(await store.history()).toHaveLength(1);
    });

    it("lets exactly one of two writers win", async () => {
      const [store, other] = openTwo();
      const results = await Promise.allSettled([store.write(first, revision, 0), other.write(second, revision, 0)]);
      expect(results.map(({ status }) => status).toSorted()).toEqual(["fulfilled", "rejected"]);
      const winner = results[0].status === "fulfilled" ? first : second;
      expect(await store.read()).toEqual({ ...winner, serial: 1 });
    });

    it("keeps a history, oldest first", async () => {
      const [store, other] = openTwo();
      await store.write(first, revision, 0);
      await other.write(second, { ...revision, who: "another", summary: { created: 0, updated: 1, deleted: 2 } }, 1);
      expect(await store.history()).toEqual([
        { ...revision, serial: 1 },
        { ...revision, who: "another", summary: { created: 0, updated: 1, deleted: 2 }, serial: 2 },
      ]);
    });

    it("gives back each of the last fifty revisions, whole", async () => {
      const [store, other] = openTwo();
      for (let serial = 0; serial < 52; serial++)
        await store.write(serial % 2 === 0 ? first : second, revision, serial);
      expect(await other.readRevision(0)).toBeUndefined();
      expect(await other.readRevision(2)).toBeUndefined();
      expect(await other.readRevision(3)).toEqual({ ...first, serial: 3 });
      expect(await other.readRevision(52)).toEqual({ ...second, serial: 52 });
      expect(await other.readRevision(53)).toBeUndefined();
      expect(await other.history()).toHaveLength(52);
    });

    it("does not share what it hands out", async () => {
      const [store] = openTwo();
      await store.write(first, revision, 0);
      const snapshot = await store.read();
      (snapshot.config.services as unknown[]).length = 0;
      expect(await store.read()).toEqual({ ...first, serial: 1 });
    });

    it("tells a watcher of the first write and of later ones, until it is stopped", async () => {
      const [store, other] = openTwo();
      let calls = 0;
      const stop = other.watch(() => calls++);
      await store.write(first, revision, 0);
      await expect.poll(() => calls).toBe(1);
      await store.write(second, revision, 1);
      await expect.poll(() => calls).toBe(2);
      stop();
      let laterCalls = 0;
      onTestFinished(store.watch(() => laterCalls++));
      await other.write(first, revision, 2);
      await expect.poll(() => laterCalls).toBe(1);
      expect(calls).toBe(2);
    });
  });
}
