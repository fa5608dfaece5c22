/** The length of `vector`; NaN or Infinity when one of its numbers is. */
export function norm(vector: Float32Array): number {
  return Math.sqrt(dot(vector, vector));
}

/** 1 - cosine similarity, in 0…2; 1 (no resemblance) when a vector is zero. Takes the norms, so that stored vectors pay once. */
export function cosineDistance(a: Float32Array, normA: number, b: Float32Array, normB: number): number {
  return distanceOfProduct(dot(a, b), normA * normB);
}

/** cosineDistance of two vectors by their dot product and the product of their norms. */
export function distanceOfProduct(product: number, norms: number): number {
  return norms === 0 ? 1 : Math.min(2, Math.max(0, 1 - product / norms));
}

/** The squared L2 distance, which is what RediSearch calls L2. Four sums let the processor work on them at once. */
export function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let index = 0;
  for (; index + 3 < a.length; index += 4) {
    const d0 = at(a, index) - at(b, index);
    const d1 = at(a, index + 1) - at(b, index + 1);
    const d2 = at(a, index + 2) - at(b, index + 2);
    const d3 = at(a, index + 3) - at(b, index + 3);
    sum0 += d0 * d0;
    sum1 += d1 * d1;
    sum2 += d2 * d2;
    sum3 += d3 * d3;
  }
  for (; index < a.length; index += 1) sum0 += (at(a, index) - at(b, index)) ** 2;
  return sum0 + sum1 + sum2 + sum3;
}

/** Of vectors of equal length. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  let index = 0;
  for (; index + 3 < a.length; index += 4) {
    sum0 += at(a, index) * at(b, index);
    sum1 += at(a, index + 1) * at(b, index + 1);
    sum2 += at(a, index + 2) * at(b, index + 2);
    sum3 += at(a, index + 3) * at(b, index + 3);
  }
  for (; index < a.length; index += 1) sum0 += at(a, index) * at(b, index);
  return sum0 + sum1 + sum2 + sum3;
}

/** Within bounds by the callers' loops; as fast as an index without a check. */
function at(vector: Float32Array, index: number): number {
  return vector[index] as number;
}
