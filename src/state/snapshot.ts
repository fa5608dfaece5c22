import { emptyConfig } from "../config/kinds.ts";
import type { Snapshot } from "./store.ts";

/** What a store holds before the first write. */
export const emptySnapshot: Snapshot = {
  serial: 0,
  config: emptyConfig,
  origins: {},
  unavailablePlugins: [],
};
