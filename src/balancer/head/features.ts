import { cues } from "../contrast/cues.ts";
import { normalised } from "../contrast/unit-vectors.ts";
import type { EmbeddedText } from "../scoring.ts";

/** Entries of unit vectors are small: without this, regularisation would leave them nothing to say. */
const VECTOR_SCALE = 4;

/** What a head looks at: the text's direction, the strengths of the cues, and 1 for the constant term. */
export function featuresOf({ text, vector }: EmbeddedText): Float32Array {
  const features = new Float32Array(vector.length + cues.length + 1).fill(1);
  features.set(normalised(vector).map((value) => value * VECTOR_SCALE));
  features.set(
    cues.map(({ strength }) => strength(text)),
    vector.length,
  );
  return features;
}

/** How many features a vector of this length gives. */
export function featureCount(dimensions: number): number {
  return dimensions + cues.length + 1;
}
