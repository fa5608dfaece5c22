import type { GatewayConfig, Origins } from "../config/types.ts";

/** How many of the last revisions can be read, and gone back to. */
export const KEPT_REVISIONS = 50;

/** What a store holds: one configuration, each collection in its natural order, and the number of the write that put it there. */
export interface Snapshot {
  /** 0 before the first write; grows by one with each. */
  readonly serial: number;
  readonly config: GatewayConfig;
  readonly origins: Origins;
  /** Ids of plugins that gw cannot run and that were accepted with `--unknown-plugins=warn`. */
  readonly unavailablePlugins: readonly string[];
}

export interface Revision {
  readonly serial: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  readonly who: string;
  readonly files: readonly string[];
  readonly summary: { readonly created: number; readonly updated: number; readonly deleted: number };
}

/** All methods throw StateError. Every store passes test/contract/state-store.contract.ts. */
export interface StateStore {
  /** An empty configuration with serial 0 when nothing was ever written; never creates anything. */
  read(): Promise<Snapshot>;
  /** All or nothing. Throws GW_STATE_CONFLICT when the store is not at `expectedSerial`. Returns the new serial. */
  write(next: Omit<Snapshot, "serial">, revision: Omit<Revision, "serial">, expectedSerial: number): Promise<number>;
  /** Oldest first. */
  history(): Promise<readonly Revision[]>;
  /** What the store held after the write `serial`; undefined when there was none, or it is older than the last 50. */
  readRevision(serial: number): Promise<Snapshot | undefined>;
  /**
   * Calls back soon (within 500 ms) after another process wrote; the returned function stops it. Watch first, read then: a write between
   * reading and watching would go unseen.
   */
  watch(onChange: () => void): () => void;
  close(): Promise<void>;
}
