import { VectorError } from "../core/errors.ts";
import { norm } from "./distance.ts";
import type { IndexSpec, VectorItem } from "./store.ts";

/** Throws VectorError GW_VECTOR_MISMATCH for vectors that no store could compare. */
export function checkItems(spec: IndexSpec, items: readonly VectorItem[]): void {
  for (const { id, vector } of items) {
    checkVector(spec, vector, `The vector of "${id}"`);
    // RediSearch normalises what it stores: one zero vector would put NaN among its distances and hide other items.
    if (spec.metric === "cosine" && norm(vector) === 0) {
      throw mismatch(
        `The vector of "${id}" is zero and has no direction to compare. Reword the text it was made from.`,
      );
    }
  }
}

/** Throws VectorError GW_VECTOR_MISMATCH. A zero query is allowed: under cosine its distance to everything is 1. */
export function checkQuery(spec: IndexSpec, vector: Float32Array): void {
  checkVector(spec, vector, "The vector to search for");
}

function checkVector(spec: IndexSpec, vector: Float32Array, what: string): void {
  if (vector.length !== spec.dimensions) {
    const lengths = `has ${vector.length} numbers and the index ${spec.dimensions}`;
    throw mismatch(`${what} ${lengths}. Set vectordb.dimensions to what the embedding model returns.`);
  }
  if (!Number.isFinite(norm(vector))) {
    throw mismatch(`${what} holds a number that is not finite. Check the embedding model.`);
  }
}

function mismatch(message: string): VectorError {
  return new VectorError("GW_VECTOR_MISMATCH", message);
}
