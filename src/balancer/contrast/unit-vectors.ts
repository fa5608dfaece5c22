/** Vectors of length 1, for which the cosine is the dot product. */
export function normalised(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** Of vectors of equal length. Four sums let the processor work on them at once. */
export function dot(a: Float32Array, b: Float32Array): number {
  const whole = a.length - (a.length % 4);
  let sum0 = 0;
  let sum1 = 0;
  let sum2 = 0;
  let sum3 = 0;
  for (let index = 0; index < whole; index += 4) {
    sum0 += at(a, index) * at(b, index);
    sum1 += at(a, index + 1) * at(b, index + 1);
    sum2 += at(a, index + 2) * at(b, index + 2);
    sum3 += at(a, index + 3) * at(b, index + 3);
  }
  for (let index = whole; index < a.length; index += 1) sum0 += at(a, index) * at(b, index);
  return sum0 + sum1 + sum2 + sum3;
}

/** Within bounds by the loops above; as fast as an index without a check. */
function at(vector: Float32Array, index: number): number {
  return vector[index] as number;
}

/** The direction of their mean. At least one vector. */
export function mean(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    vector.forEach((value, position) => void (sum[position] = (sum[position] ?? 0) + value));
  return normalised(sum);
}
