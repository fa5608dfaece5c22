import { backgroundMean } from "./data/background-mean.ts";

/** Length of the model's vectors. */
export const MODEL_DIMENSIONS = 512;

/**
 * A raw vector of the model as gw uses it: without what all texts have in common (their mean), of length 1, with zeros appended up to
 * `dimensions`. Raw vectors of unrelated texts are similar; centred ones are not, which gives a distance threshold its meaning.
 */
export function centreVector(raw: Float32Array, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  for (const [position, value] of raw.entries()) vector[position] = value - (mean[position] ?? 0);
  const norm = Math.hypot(...vector);
  return vector.map((value) => value / norm);
}

const mean = readFloats(backgroundMean);

/** 32-bit floats, little-endian, in base64. */
function readFloats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, "base64");
  return Float32Array.from({ length: bytes.length / 4 }, (_, position) => bytes.readFloatLE(4 * position));
}
