import { VectorError } from "../../core/errors.ts";
import { checkItems, checkQuery } from "../check-vectors.ts";
import { type ExactSearch, openExactSearch } from "../exact-search.ts";
import type { IndexSpec, VectorStore, VectorStoreDefinition } from "../store.ts";

/** In this process, gone with it; compares with every vector, so its answers are exact. */
export const memoryVectorStore: VectorStoreDefinition = {
  name: "memory",
  create: async () => createMemoryStore(),
};

function createMemoryStore(): VectorStore {
  const owners = new Map<string, Map<string, ExactSearch>>();
  const find = (spec: IndexSpec): ExactSearch => {
    const search = owners.get(spec.owner)?.get(spec.fingerprint);
    if (search !== undefined) return search;
    throw new VectorError("GW_VECTOR_MISMATCH", `The index of ${spec.owner} has not been filled in this process yet.`);
  };
  return {
    name: "memory",
    async replace(spec, items, { signal }) {
      signal.throwIfAborted();
      checkItems(spec, items);
      const search = openExactSearch(spec.metric, items);
      const indexes = owners.get(spec.owner) ?? new Map<string, ExactSearch>();
      owners.set(spec.owner, indexes.set(spec.fingerprint, search));
    },
    async search(spec, vector, limit, { signal }) {
      signal.throwIfAborted();
      checkQuery(spec, vector);
      return find(spec).nearest(vector, limit);
    },
    scan(spec, vector) {
      checkQuery(spec, vector);
      return find(spec).distances(vector);
    },
    async removeOrphans(spec, { signal }) {
      signal.throwIfAborted();
      const current = owners.get(spec.owner)?.get(spec.fingerprint);
      if (current === undefined) owners.delete(spec.owner);
      else owners.set(spec.owner, new Map([[spec.fingerprint, current]]));
    },
    async close() {
      owners.clear();
    },
  };
}
