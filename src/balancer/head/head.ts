import { dot } from "../contrast/unit-vectors.ts";
import type { ScoringRule, Standing } from "../scoring.ts";
import { featureCount, featuresOf } from "./features.ts";
import { readWeights } from "./weights.ts";

/** `config.gw.head`, as `gw tune` writes it: what was learned from labelled prompts, on top of the rule contrast. */
export interface Head {
  /** The embedding model whose vectors it was fitted to: `provider/name`. */
  readonly embedding: string;
  readonly classes: readonly HeadClass[];
}

export interface HeadClass {
  /** Of the targets it speaks of; CATCHALL's too. */
  readonly description: string;
  /** weights.ts says how they are written. */
  readonly weights: string;
}

/** What one unit of contrast's score is worth beside what was learned, as a logarithm of odds. */
export const CONTRAST_WEIGHT = 10;

/** Why a head cannot be used with these targets and vectors; undefined when it can. */
export function headProblem(
  head: Head,
  given: { readonly embedding: string; readonly dimensions: number; readonly descriptions: readonly string[] },
): string | undefined {
  const missing = given.descriptions.find((each) => !head.classes.some(({ description }) => description === each));
  if (missing !== undefined) return `it was fitted before a target had the description "${missing}"`;
  if (head.embedding !== given.embedding) return `it was fitted to ${head.embedding}`;
  const count = featureCount(given.dimensions);
  const isFitting = head.classes.every(({ weights }) => readWeights(weights)?.length === count);
  return isFitting ? undefined : `its weights are not the ${count} numbers that ${given.dimensions} dimensions need`;
}

/**
 * A target's score is its lead under contrast, weighted, plus what the head learned; CATCHALL's own sum is what it needs. As logarithms of
 * odds: a lead of 1 over what is needed is 2.7 to 1..
 */
export function headRule(
  contrast: ScoringRule,
  head: Head,
  targets: readonly { readonly index: number; readonly description: string }[],
): ScoringRule {
  const weights = new Map(head.classes.map((each) => [each.description, readWeights(each.weights)]));
  const learned = new Map(targets.map(({ index, description }) => [index, weights.get(description)]));
  const catchall = weights.get("CATCHALL");
  return {
    texts: contrast.texts,
    compile(vectorOf) {
      const scorer = contrast.compile(vectorOf);
      return (prompt, distances) => {
        const verdict = scorer(prompt, distances);
        const features = featuresOf(prompt);
        const least = catchall === undefined ? 0 : dot(catchall, features);
        const standings = verdict.standings.map((standing, index) =>
          standing === undefined ? undefined : withLearned(standing, least, dot(learned.get(index) ?? none, features)),
        );
        const isTaken = standings.some((standing) => standing !== undefined && standing.score >= least);
        return { standings, isVague: verdict.isVague && !isTaken };
      };
    },
  };
}

const none = new Float32Array();

function withLearned(standing: Standing, least: number, learned: number): Standing {
  const lead = CONTRAST_WEIGHT * (standing.score - standing.least);
  const parts = [
    { name: "contrast", value: lead },
    { name: "learned", value: learned },
  ];
  return { score: lead + learned, least, parts };
}
