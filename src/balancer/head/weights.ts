const SCALE_BYTES = 4;
const LARGEST = 127;

/** Numbers as base64: a 32-bit float (little-endian) that is worth one step, then a signed byte of steps for each. */
export function writeWeights(weights: ArrayLike<number>): string {
  const list = Array.from(weights);
  const step = Math.fround(list.reduce((most, weight) => Math.max(most, Math.abs(weight)), 0) / LARGEST);
  const bytes = Buffer.alloc(SCALE_BYTES + list.length);
  bytes.writeFloatLE(step);
  list.forEach((weight, index) => {
    const steps = step === 0 ? 0 : Math.round(weight / step);
    bytes.writeInt8(Math.max(-LARGEST, Math.min(LARGEST, steps)), SCALE_BYTES + index);
  });
  return bytes.toString("base64");
}

/** undefined for text that is no weights. */
export function readWeights(text: string): Float32Array | undefined {
  const bytes = Buffer.from(text, "base64");
  if (bytes.length <= SCALE_BYTES) return undefined;
  const step = bytes.readFloatLE();
  if (!Number.isFinite(step)) return undefined;
  return Float32Array.from(
    { length: bytes.length - SCALE_BYTES },
    (_, index) => step * bytes.readInt8(SCALE_BYTES + index),
  );
}
