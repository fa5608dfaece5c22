import { StateError } from "../../core/errors.ts";
import { emptySnapshot } from "../snapshot.ts";
import { KEPT_REVISIONS, type Revision, type Snapshot, type StateStore } from "../store.ts";

/** What several handles share, as processes share a file. */
export interface MemoryPlace {
  snapshot: Snapshot;
  /** By serial. */
  readonly kept: Map<number, Snapshot>;
  readonly revisions: Revision[];
  readonly listeners: Set<() => void>;
}

export function createMemoryPlace(): MemoryPlace {
  return { snapshot: emptySnapshot, kept: new Map(), revisions: [], listeners: new Set() };
}

/** The reference for every other store; lasts as long as its place. */
export function openMemoryStore(place: MemoryPlace = createMemoryPlace()): StateStore {
  return {
    read: async () => structuredClone(place.snapshot),
    history: async () => structuredClone(place.revisions),
    readRevision: async (serial) => structuredClone(place.kept.get(serial)),
    write: async (next, revision, expectedSerial) => write(place, next, revision, expectedSerial),
    watch(onChange) {
      const listener = (): void => queueMicrotask(onChange);
      place.listeners.add(listener);
      return () => place.listeners.delete(listener);
    },
    close: async () => {},
  };
}

function write(
  place: MemoryPlace,
  next: Omit<Snapshot, "serial">,
  revision: Omit<Revision, "serial">,
  expectedSerial: number,
): number {
  if (place.snapshot.serial !== expectedSerial) {
    throw new StateError(
      "GW_STATE_CONFLICT",
      `The store changed meanwhile (it is at serial ${place.snapshot.serial}, not ${expectedSerial}); nothing was written. Run the command again.`,
    );
  }
  const serial = expectedSerial + 1;
  place.snapshot = structuredClone({ ...next, serial });
  place.kept.set(serial, place.snapshot).delete(serial - KEPT_REVISIONS);
  place.revisions.push(structuredClone({ ...revision, serial }));
  for (const notify of place.listeners) notify();
  return serial;
}
