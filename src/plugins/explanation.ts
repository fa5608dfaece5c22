/** One target as `gw test-route` lists it; snake_case, since it is printed as JSON (docs/CLI.md). */
export interface ExplainedCandidate {
  /** From 0 in file order. */
  readonly index: number;
  readonly provider: string;
  readonly model: string | null;
  readonly description: string | null;
  /** null for CATCHALL, and when nothing could be compared. */
  readonly distance: number | null;
  readonly similarity: number | null;
  readonly threshold: number | null;
  readonly within_threshold: boolean | null;
  /** Under `gw.rule: contrast`, within the threshold: the sum of its parts, and what is needed where CATCHALL can take the prompt. */
  readonly score: ExplainedScore | null;
  readonly available: boolean;
}

export interface ExplainedScore {
  readonly total: number;
  readonly needed: number;
  readonly parts: readonly { readonly name: string; readonly value: number; readonly from?: string }[];
}

/** The choice that a plugin would make for a request, and what it rests on. */
export interface Choice {
  /** What was embedded; null when the request has no text. */
  readonly text: string | null;
  readonly balancer: string;
  readonly embedding: {
    readonly provider: string;
    readonly model: string;
    readonly dimensions: number;
    readonly ms: number;
    readonly cached: boolean;
  } | null;
  readonly vectordb: {
    readonly strategy: string;
    readonly metric: string;
    readonly threshold: number | null;
    /** What told the distances: `redis-search`, `redis-vectorset`, `pgvector`, `memory`, or `copy` while the store is away. */
    readonly answered_by: string | null;
  } | null;
  readonly candidates: readonly ExplainedCandidate[];
  readonly selected: {
    readonly index: number;
    readonly provider: string;
    readonly model: string | null;
    readonly reason: string;
  };
  /** Targets that may be tried, best first. */
  readonly order: readonly number[];
  readonly warnings: readonly string[];
}

/** The same with the request that would be sent. */
export interface Explanation extends Choice {
  readonly upstream: {
    readonly method: string;
    readonly url: string;
    readonly auth: {
      readonly in: string;
      readonly name: string;
      /** The vault reference; null when the value is written in the configuration. */
      readonly reference: string | null;
      readonly resolved: boolean;
    } | null;
  };
}
