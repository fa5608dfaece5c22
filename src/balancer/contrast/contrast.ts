import type { Scorer, ScorePart, ScoringRule, Standing } from "../scoring.ts";
import { backgroundTopics } from "./background.ts";
import { type Cue, cues } from "./cues.ts";
import { dot, mean, normalised } from "./unit-vectors.ts";

/** A target as the rule sees it; CATCHALL is none. */
export interface ContrastTarget {
  readonly index: number;
  readonly description: string;
  readonly examples: readonly string[];
  /** Largest distance at which it is scored at all. */
  readonly threshold: number;
}

/** A topic nearer to a target than this cosine is the target's own, and not background. */
const OWN_TOPIC = 0.55;

/** What a target must lead the background by; examples raise all of a target's similarities. */
const LEAST = 0.08;
const LEAST_WITH_EXAMPLES = 0.1;

/** A text that is no nearer than this cosine to any topic is about none. */
const VAGUE = 0.2;

/** A full cue's worth for a target that says what the cue's phrase says. */
const CUE_WEIGHT = 0.5;

/**
 * gw's own rule: a target's score is its similarity to the prompt, less that of the nearest background topic, plus what the prompt's form
 * says for it. Both similarities move together when a model's are inflated, so one margin does for all models. Figures: docs/routing.md.
 */
export function contrastRule(targets: readonly ContrastTarget[]): ScoringRule {
  const texts = targets.flatMap(textsOf);
  return {
    texts: [...new Set([...texts, ...backgroundTopics, ...cues.map(({ phrase }) => phrase)])],
    compile: (vectorOf) => compile(targets, (text) => normalised(vectorOf(text))),
  };
}

/** A target's meaning is the mean of these. */
function textsOf({ description, examples }: ContrastTarget): readonly string[] {
  return [description, ...phrasesOf(description), ...examples];
}

/** The parts of a description that lists things; none of a single phrase. */
function phrasesOf(description: string): readonly string[] {
  const phrases = description
    .split(/[,;\n]/)
    .map((phrase) => phrase.trim())
    .filter((phrase) => phrase !== "");
  return phrases.length > 1 ? phrases : [];
}

interface Prototype {
  readonly target: ContrastTarget;
  readonly vector: Float32Array;
  readonly least: number;
  /** By cue: what a full one is worth. */
  readonly cueWeights: readonly number[];
}

interface Topic {
  readonly text: string;
  readonly vector: Float32Array;
}

function compile(targets: readonly ContrastTarget[], vectorOf: (text: string) => Float32Array): Scorer {
  const descriptions = targets.map(({ description }) => vectorOf(description));
  const background = backgroundTopics
    .map((text): Topic => ({ text, vector: vectorOf(text) }))
    .filter(({ vector }) => descriptions.every((description) => dot(vector, description) <= OWN_TOPIC));
  const prototypes = toPrototypes(targets, background, vectorOf);
  return ({ text, vector }, distances) => {
    const prompt = normalised(vector);
    const nearest = nearestTopic(prompt, background);
    const inside = prototypes.filter(({ target }) => (distances[target.index] ?? Infinity) <= target.threshold);
    const shared = {
      prompt,
      background: nearest,
      strengths: inside.length === 0 ? [] : cues.map((cue) => cue.strength(text)),
    };
    const standings: (Standing | undefined)[] = [];
    for (const prototype of inside) standings[prototype.target.index] = score(prototype, shared);
    const isTaken = standings.some((standing) => standing !== undefined && standing.score >= standing.least);
    return { standings, isVague: !isTaken && nearest !== undefined && -nearest.value <= VAGUE };
  };
}

function toPrototypes(
  targets: readonly ContrastTarget[],
  background: readonly Topic[],
  vectorOf: (text: string) => Float32Array,
): readonly Prototype[] {
  const vectors = targets.map((target) => mean(textsOf(target).map(vectorOf)));
  const rivals = [...vectors, ...background.map(({ vector }) => vector)];
  const weigh = cues.map((cue) => cueWeights(vectorOf(cue.phrase), rivals));
  return targets.map((target, position) => ({
    target,
    vector: vectors[position] ?? new Float32Array(),
    least: target.examples.length > 0 ? LEAST_WITH_EXAMPLES : LEAST,
    cueWeights: weigh.map((weights) => weights[position] ?? 0),
  }));
}

/** In proportion to the similarity with the cue's phrase; of several targets (or topics) that are near it, most to the nearest. */
function cueWeights(phrase: Float32Array, rivals: readonly Float32Array[]): readonly number[] {
  const near = rivals.map((vector) => Math.max(0, dot(vector, phrase)));
  const nearest = Math.max(...near, Number.MIN_VALUE);
  return near.map((similarity) => CUE_WEIGHT * similarity * (similarity / nearest) ** 2);
}

interface Shared {
  readonly prompt: Float32Array;
  readonly background: ScorePart | undefined;
  /** By cue. */
  readonly strengths: readonly number[];
}

/** As a term of the score: negative, unless the prompt is unlike every topic. */
function nearestTopic(prompt: Float32Array, background: readonly Topic[]): ScorePart | undefined {
  let nearest: ScorePart | undefined;
  for (const { text, vector } of background) {
    const value = -dot(prompt, vector);
    if (nearest === undefined || value < nearest.value) nearest = { name: "background", value, from: text };
  }
  return nearest;
}

function score({ vector, least, cueWeights: weights }: Prototype, { prompt, background, strengths }: Shared): Standing {
  const parts: readonly ScorePart[] = [
    { name: "similarity", value: dot(prompt, vector) },
    ...(background === undefined ? [] : [background]),
    ...cues.flatMap(({ name }: Cue, position) => {
      const value = (weights[position] ?? 0) * (strengths[position] ?? 0);
      return value === 0 ? [] : [{ name, value }];
    }),
  ];
  return { score: parts.reduce((sum, { value }) => sum + value, 0), least, parts };
}
