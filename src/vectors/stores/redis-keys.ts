import type { IndexSpec } from "../store.ts";

/** Every key of one owner is in one slot of a cluster: its names share the hash tag `{owner}`. */
export interface RedisKeys {
  /** Starts every key of the index, and nothing else's. */
  readonly prefix: string;
  /** How many items the last `replace` wrote: tells an index that lost them from one that holds few. */
  readonly count: string;
  readonly searchIndex: string;
  readonly itemPrefix: string;
  readonly vectorSet: string;
  /** Field by id, for what vector sets cannot compare. */
  readonly vectorHash: string;
}

export function keysOf(spec: IndexSpec): RedisKeys {
  const prefix = `${ownerPrefix(spec.owner)}${escape(spec.fingerprint)}:`;
  return {
    prefix,
    count: `${prefix}count`,
    searchIndex: `${prefix}index`,
    itemPrefix: `${prefix}item:`,
    vectorSet: `${prefix}set`,
    vectorHash: `${prefix}hash`,
  };
}

/** Starts every key of every index of `owner`, and nothing else's. */
export function ownerPrefix(owner: string): string {
  return `gw:{${escape(owner)}}:`;
}

/** A glob for SCAN that matches exactly the keys which start with `prefix`, a value of this file. */
export function everyKey(prefix: string): string {
  return `${prefix}*`;
}

/** Leaves nothing that separates names, marks a hash tag, or means something in a glob. */
function escape(name: string): string {
  return name.replaceAll(/[^A-Za-z0-9_.-]/gu, (character) => encodeURIComponent(character).replaceAll("*", "%2A"));
}
