import type { Snapshot } from "./store.ts";

/** What a store holds before the first write. */
export const emptySnapshot: Snapshot = {
  serial: 0,
  config: { services: [], routes: [], plugins: [], vaults: [], consumers: [] },
  origins: {},
  unavailablePlugins: [],
};
