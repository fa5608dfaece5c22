import type { Distances } from "./balancer.ts";

/** One term of a score. */
export interface ScorePart {
  /** `similarity`, `background`, or the name of a cue. */
  readonly name: string;
  readonly value: number;
  /** The text that it comes from, where there are several. */
  readonly from?: string;
}

/** How a target does for one text under a scoring rule. */
export interface Standing {
  /** The sum of `parts`: more is better. */
  readonly score: number;
  /** With less the target is refused, when a CATCHALL can take the text. */
  readonly least: number;
  readonly parts: readonly ScorePart[];
}

/** By target index; undefined for CATCHALL and for targets beyond their threshold. */
export type Standings = readonly (Standing | undefined)[];

/** A text and its vector. */
export interface EmbeddedText {
  readonly text: string;
  readonly vector: Float32Array;
}

export interface Verdict {
  readonly standings: Standings;
  /** The text is about nothing in particular, like "Shorter, please": what was said before it tells more. */
  readonly isVague: boolean;
}

export type Scorer = (prompt: EmbeddedText, distances: Distances) => Verdict;

/** A rule that ranks or refuses targets within their thresholds; it admits none beyond. */
export interface ScoringRule {
  /** What it compares beside the targets' own texts. */
  readonly texts: readonly string[];
  /** `vectorOf` knows `texts`. */
  compile(vectorOf: (text: string) => Float32Array): Scorer;
}
