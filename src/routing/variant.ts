import { semantic } from "../balancer/algorithms/semantic.ts";
import { TargetMemories } from "../balancer/memory.ts";
import type { Distances } from "../balancer/balancer.ts";
import { contrastRule } from "../balancer/contrast/contrast.ts";
import { type Head, headRule } from "../balancer/head/head.ts";
import type { Scorer } from "../balancer/scoring.ts";
import type { TunableTarget, TuningView } from "../plugins/tuning.ts";
import { cosineDistance, norm, squaredDistance } from "../vectors/distance.ts";

/** Settings to try: what `gw tune` may change of a plugin. */
export interface Variant {
  readonly rule: TuningView["rule"];
  readonly targets: readonly TunableTarget[];
  readonly head: Head | undefined;
}

export interface ComparedText {
  readonly text: string;
  readonly vector: Float32Array;
}

export type VectorOf = (text: string) => Float32Array;

/** Index of the target that serve would choose; undefined when none may be tried. */
export type Choose = (prompt: ComparedText) => number | undefined;

/** The choice of serve, with the same rules and the same balancer, over vectors that are at hand. */
export function choiceOf(variant: Variant, metric: TuningView["metric"], vectorOf: VectorOf): Choose {
  const { targets } = variant;
  const scorer = scorerOf(variant, vectorOf);
  const views = targets.map((target) => ({ ...target, weight: 1 }));
  const { memories } = new TargetMemories().open("tune", targets.map(String));
  const balancer = semantic.create({
    targets: views,
    memories,
    slots: 0,
    latencyStrategy: "e2e",
    usageStrategy: "total-tokens",
    prices: [],
  });
  return (prompt) => {
    const distances = distancesOf(targets, prompt, metric, vectorOf);
    const standings = scorer?.(prompt, distances).standings;
    return balancer.order(views, { now: 0, hashKey: "", distances, standings })[0];
  };
}

/** The texts whose vectors a variant needs. */
export function textsOf(variant: Variant): readonly string[] {
  const compared = variant.targets.filter(({ isCatchall }) => !isCatchall);
  const own = compared.flatMap(({ description, examples }) => [description, ...examples]);
  return variant.rule === "literal" ? own : [...own, ...contrastRule(compared).texts];
}

/** By target index: the distance of its nearest text. */
export function distancesOf(
  targets: readonly TunableTarget[],
  { vector }: ComparedText,
  metric: TuningView["metric"],
  vectorOf: VectorOf,
): Distances {
  return targets.map(({ isCatchall, description, examples }) => {
    if (isCatchall) return undefined;
    return Math.min(...[description, ...examples].map((text) => distance(vector, vectorOf(text), metric)));
  });
}

export function scorerOf({ rule, targets, head }: Variant, vectorOf: VectorOf): Scorer | undefined {
  if (rule === "literal") return undefined;
  const compared = targets.filter(({ isCatchall }) => !isCatchall);
  const contrast = contrastRule(compared);
  return (head === undefined ? contrast : headRule(contrast, head, compared)).compile(vectorOf);
}

function distance(a: Float32Array, b: Float32Array, metric: TuningView["metric"]): number {
  return metric === "cosine" ? cosineDistance(a, norm(a), b, norm(b)) : squaredDistance(a, b);
}
