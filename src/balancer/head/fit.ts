import { dot } from "../contrast/unit-vectors.ts";

/** One labelled prompt. */
export interface Sample {
  readonly features: Float32Array;
  /** By class: what speaks for it before anything is learned; 0 for CATCHALL. */
  readonly prior: readonly number[];
  /** Position of the right class. */
  readonly label: number;
}

/** Chosen on fixtures/prompts/dev.jsonl, cross-validated by source (docs/routing.md). */
const PENALTY = 0.01;
const RATE = 0.5;
const MOMENTUM = 0.9;
const STEPS = 300;

/**
 * Weights by class: a multinomial logistic regression on top of the priors, classes balanced, pulled towards 0 (the constant term, which is
 * the last feature, is not). Gradient descent from 0 in a fixed number of steps: equal samples give equal weights.
 */
export function fitWeights(samples: readonly Sample[], classCount: number): readonly Float32Array[] {
  const size = samples[0]?.features.length ?? 0;
  const shares = shareOf(samples, classCount);
  const weights = Array.from({ length: classCount }, () => new Float32Array(size));
  const speeds = Array.from({ length: classCount }, () => new Float32Array(size));
  for (let step = 0; step < STEPS; step++) {
    const gradients = gradientsAt(weights, samples, shares);
    for (const [position, gradient] of gradients.entries())
      descend(weights[position] ?? gradient, speeds[position] ?? gradient, gradient);
  }
  return weights;
}

/** What one sample of each class counts, so that all classes count the same. */
function shareOf(samples: readonly Sample[], classCount: number): readonly number[] {
  return Array.from({ length: classCount }, (_, position) => {
    const count = samples.filter(({ label }) => label === position).length;
    return count === 0 ? 0 : 1 / (count * classCount);
  });
}

function gradientsAt(
  weights: readonly Float32Array[],
  samples: readonly Sample[],
  shares: readonly number[],
): readonly Float32Array[] {
  const gradients = weights.map((each) => new Float32Array(each.length));
  for (const { features, prior, label } of samples) {
    const chances = softmax(weights.map((each, position) => (prior[position] ?? 0) + dot(each, features)));
    for (const [position, gradient] of gradients.entries()) {
      const error = ((chances[position] ?? 0) - (position === label ? 1 : 0)) * (shares[label] ?? 0);
      for (let at = 0; at < gradient.length; at++) gradient[at] = (gradient[at] ?? 0) + error * (features[at] ?? 0);
    }
  }
  return gradients;
}

function descend(weights: Float32Array, speeds: Float32Array, gradient: Float32Array): void {
  const last = weights.length - 1;
  for (let at = 0; at <= last; at++) {
    const weight = weights[at] ?? 0;
    const slope = (gradient[at] ?? 0) + (at === last ? 0 : PENALTY * weight);
    const speed = MOMENTUM * (speeds[at] ?? 0) - RATE * slope;
    speeds[at] = speed;
    weights[at] = weight + speed;
  }
}

function softmax(values: readonly number[]): readonly number[] {
  const largest = Math.max(...values);
  const exponentials = values.map((value) => Math.exp(value - largest));
  const sum = exponentials.reduce((total, value) => total + value, 0);
  return exponentials.map((value) => value / sum);
}
