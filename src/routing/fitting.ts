import { featuresOf } from "../balancer/head/features.ts";
import { fitWeights, type Sample } from "../balancer/head/fit.ts";
import { CONTRAST_WEIGHT, type Head } from "../balancer/head/head.ts";
import { writeWeights } from "../balancer/head/weights.ts";
import type { TunableTarget, TuningView } from "../plugins/tuning.ts";
import { dot, normalised } from "../balancer/contrast/unit-vectors.ts";
import { choiceOf, type ComparedText, distancesOf, scorerOf, type Variant, type VectorOf } from "./variant.ts";

/** A prompt with the target it belongs to. */
export interface LabelledText extends ComparedText {
  /** Index of the target. */
  readonly expect: number;
}

export interface FitContext {
  readonly untuned: Variant;
  readonly view: TuningView;
  readonly vectorOf: VectorOf;
}

/** Fits one part of a configuration to labelled prompts. */
export type Fit = (context: FitContext, rows: readonly LabelledText[]) => Variant;

/** In the order in which they are preferred when they do equally well. */
export const fits: Readonly<Record<"thresholds" | "examples" | "head", Fit>> = {
  thresholds: fitThresholds,
  examples: fitExamples,
  head: fitHead,
};

const THRESHOLD_STEPS = 20;
const EXAMPLES = 4;

/** Far enough for this share of a target's prompts; what lies beyond is not like the others. */
const INSIDE = 0.98;

/** One target after the other, the threshold with which most prompts go where they belong; of equals the one next to the present one. */
function fitThresholds({ untuned, view, vectorOf }: FitContext, rows: readonly LabelledText[]): Variant {
  let best = untuned;
  let most = rightOf(untuned, rows, view, vectorOf);
  for (const target of untuned.targets.filter(({ isCatchall }) => !isCatchall)) {
    const farthest = Math.max(...rows.map((row) => distancesOf([target], row, view.metric, vectorOf)[0] ?? 0));
    const candidates = Array.from({ length: THRESHOLD_STEPS }, (_, step) =>
      rounded((farthest * (step + 1)) / THRESHOLD_STEPS),
    );
    candidates.sort((a, b) => Math.abs(a - target.threshold) - Math.abs(b - target.threshold));
    for (const threshold of candidates) {
      const variant = withTarget(best, target.index, { threshold });
      const right = rightOf(variant, rows, view, vectorOf);
      if (right > most) [best, most] = [variant, right];
    }
  }
  return best;
}

/** For each target a few of its prompts: each time the one that is least like the description and the examples before it, of the typical half. */
function fitExamples({ untuned, vectorOf }: FitContext, rows: readonly LabelledText[]): Variant {
  const targets = untuned.targets.map((target) => {
    if (target.isCatchall) return target;
    const own = rows.filter(({ expect }) => expect === target.index);
    const typical = typicalHalf(own);
    const examples = [...target.examples];
    while (
      examples.length < target.examples.length + EXAMPLES &&
      examples.length - target.examples.length < typical.length
    ) {
      const chosen = [target.description, ...examples].map((text) => normalised(vectorOf(text)));
      const likeness = (row: LabelledText): number =>
        Math.max(...chosen.map((vector) => dot(vector, normalised(row.vector))));
      const [next] = typical
        .filter(({ text }) => !examples.includes(text))
        .toSorted((a, b) => likeness(a) - likeness(b));
      if (next === undefined) break;
      examples.push(next.text);
    }
    return { ...target, examples };
  });
  return { ...untuned, targets };
}

function typicalHalf(rows: readonly LabelledText[]): readonly LabelledText[] {
  const vectors = rows.map(({ vector }) => normalised(vector));
  const typicality = vectors.map((vector) => vectors.reduce((sum, other) => sum + dot(vector, other), 0));
  const order = rows.map((_, position) => position).sort((a, b) => (typicality[b] ?? 0) - (typicality[a] ?? 0));
  return order.slice(0, Math.ceil(rows.length / 2)).flatMap((position) => rows[position] ?? []);
}

/** A head over contrast, and thresholds wide enough for it to decide. */
function fitHead({ untuned, view, vectorOf }: FitContext, rows: readonly LabelledText[]): Variant {
  const open: Variant = {
    rule: "contrast",
    head: undefined,
    targets: untuned.targets.map((target) => ({ ...target, threshold: Infinity })),
  };
  const scorer = scorerOf(open, vectorOf);
  const classes = [...new Set(untuned.targets.map(({ description }) => description))];
  const positionOf = (index: number): number => classes.indexOf(untuned.targets[index]?.description ?? "");
  const samples = rows.map((row): Sample => {
    const { standings = [] } = scorer?.(row, distancesOf(open.targets, row, view.metric, vectorOf)) ?? {};
    const prior = classes.map((description) => {
      const standing = standings.find((_, index) => untuned.targets[index]?.description === description);
      return standing === undefined ? 0 : CONTRAST_WEIGHT * (standing.score - standing.least);
    });
    return { features: featuresOf(row), prior, label: positionOf(row.expect) };
  });
  const weights = fitWeights(samples, classes.length);
  const head: Head = {
    embedding: view.embedding,
    classes: classes.map((description, position) => ({ description, weights: writeWeights(weights[position] ?? []) })),
  };
  const targets = untuned.targets.map((target) => ({
    ...target,
    threshold: wideThreshold(target, rows, view, vectorOf),
  }));
  return { rule: "contrast", head, targets };
}

function wideThreshold(
  target: TunableTarget,
  rows: readonly LabelledText[],
  { metric }: TuningView,
  vectorOf: VectorOf,
): number {
  if (target.isCatchall) return target.threshold;
  const own = rows.filter(({ expect }) => expect === target.index);
  const distances = own.map((row) => distancesOf([target], row, metric, vectorOf)[0] ?? 0).sort((a, b) => a - b);
  const far = distances[Math.min(distances.length - 1, Math.floor(INSIDE * distances.length))] ?? 0;
  return Math.max(target.threshold, rounded(far + 0.05));
}

function withTarget(variant: Variant, index: number, fields: Partial<TunableTarget>): Variant {
  return {
    ...variant,
    targets: variant.targets.map((target) => (target.index === index ? { ...target, ...fields } : target)),
  };
}

function rightOf(variant: Variant, rows: readonly LabelledText[], view: TuningView, vectorOf: VectorOf): number {
  const choose = choiceOf(variant, view.metric, vectorOf);
  return rows.filter((row) => choose(row) === row.expect).length;
}

function rounded(threshold: number): number {
  return Math.round(threshold * 100) / 100;
}
