import { dot } from "../distance.ts";
import { openKernel } from "./kernel.ts";

/** Products of one vector with many, all of one length. */
export interface VectorTable {
  /** In the order of the vectors. The next call overwrites the result. */
  dots(query: Float32Array): ArrayLike<number>;
}

/** Below so many multiplications a loop in JavaScript takes 20 µs at most, and a memory of its own is not worth it. */
const FEW = 20_000;

const PAGE_BYTES = 65_536;

/** Rows are filled with zeros to whole steps of the kernel. */
const STEP_BYTES = 64;

export function openVectorTable(vectors: readonly Float32Array[], dimensions: number): VectorTable {
  return vectors.length * dimensions < FEW ? plainTable(vectors) : wideTable(vectors, dimensions);
}

function plainTable(vectors: readonly Float32Array[]): VectorTable {
  const products = new Float64Array(vectors.length);
  return {
    dots(query) {
      for (const [row, vector] of vectors.entries()) products[row] = dot(vector, query);
      return products;
    },
  };
}

/** Query, rows and products lie in that order in the kernel's memory. */
function wideTable(vectors: readonly Float32Array[], dimensions: number): VectorTable {
  const kernel = openKernel();
  const { memory } = kernel;
  const rowBytes = Math.ceil((dimensions * 4) / STEP_BYTES) * STEP_BYTES;
  const out = rowBytes * (1 + vectors.length);
  memory.grow(Math.ceil((out + vectors.length * 4) / PAGE_BYTES) - 1);
  const numbers = new Float32Array(memory.buffer);
  for (const [row, vector] of vectors.entries()) numbers.set(vector, ((row + 1) * rowBytes) / 4);
  const products = numbers.subarray(out / 4, out / 4 + vectors.length);
  return {
    dots(query) {
      numbers.set(query);
      kernel.dots(rowBytes, vectors.length, rowBytes, out);
      return products;
    },
  };
}
