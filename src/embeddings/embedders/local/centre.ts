import { backgroundMean } from "./data/background-mean.ts";

/** Length of the model's vectors. */
export const MODEL_DIMENSIONS = 512;

/**
 * A raw vector of the model as gw uses it: without what all texts have in common (their mean), of length 1, with zeros appended up to
 * `dimensions`. Raw vectors of unrelated texts are similar; centred ones are not, which gives a distance threshold its meaning.
 */
export function centreVector(raw: Float32Array, dimensions: number): Float32Array {
  const vector = new Float32Array(dimensions);
  let squares = 0;
  for (let position = 0; position < raw.length; position++) {
    const difference = (raw[position] ?? 0) - (mean[position] ?? 0);
    vector[position] = difference;
    squares += difference * difference;
  }
  const length = Math.sqrt(squares);
  return vector.map((value) => value / length);
}

const mean = readFloats(backgroundMean);

/** 32-bit floats, little-endian, in base64. */
function readFloats(base64: string): Float32Array {
  const bytes = Buffer.from(base64, "base64");
  return Float32Array.from({ length: bytes.length / 4 }, (_, position) => bytes.readFloatLE(4 * position));
}
