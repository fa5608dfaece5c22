/** Vectors of length 1, for which the cosine is the dot product. */
export function normalised(vector: Float32Array): Float32Array {
  const length = Math.sqrt(dot(vector, vector));
  return length === 0 ? vector : vector.map((value) => value / length);
}

/** Of vectors of equal length. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let position = 0; position < a.length; position++) sum += (a[position] ?? 0) * (b[position] ?? 0);
  return sum;
}

/** The direction of their mean. At least one vector. */
export function mean(vectors: readonly Float32Array[]): Float32Array {
  const sum = new Float32Array(vectors[0]?.length ?? 0);
  for (const vector of vectors)
    vector.forEach((value, position) => void (sum[position] = (sum[position] ?? 0) + value));
  return normalised(sum);
}
