import type { Usage } from "../llm/usage.ts";
import type { TargetMemory } from "./memory.ts";
import type { Standings } from "./scoring.ts";

/** One target as a balancer sees it: plain configuration. */
export interface TargetView {
  /** From 0 in file order. */
  readonly index: number;
  /** 1 to 65535. What it means is the algorithm's: a share, a capacity, a priority. */
  readonly weight: number;
  /** Targets of equal descriptions stand in for each other under the semantic algorithm. */
  readonly description: string;
  /** Used when no other target matches; it has no distance. */
  readonly isCatchall: boolean;
  /** Largest distance at which the target matches. */
  readonly threshold: number;
}

/** Distances of a text to the targets, by target index; undefined for CATCHALL. */
export type Distances = readonly (number | undefined)[];

/** What one request brings along. */
export interface Pick {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** Equal keys go to equal targets, as long as these are available. */
  readonly hashKey: string;
  /** undefined when nothing could be compared. */
  readonly distances: Distances | undefined;
  /** What a scoring rule says of the targets within their thresholds; undefined under the literal rule. */
  readonly standings: Standings | undefined;
}

/** How an attempt at a target ended: `bad` speaks against the target, `neutral` says nothing of it (the client left, or erred). */
export interface AttemptResult {
  readonly verdict: "good" | "bad" | "neutral";
  /** From sending the request to the last byte of the answer, in milliseconds. */
  readonly ms: number;
  /** Counted by the provider, or estimated; undefined when there is nothing to count. */
  readonly usage: Usage | undefined;
}

export type BalancerEvent =
  /** A request got this order and goes to the first of it. */
  | { readonly kind: "chosen"; readonly order: readonly number[] }
  | { readonly kind: "start"; readonly index: number; readonly now: number }
  /** Once for each `start`. */
  | { readonly kind: "end"; readonly index: number; readonly now: number; readonly result: AttemptResult };

/** Every entry of the catalogue passes test/property/balancer.property.test.ts. */
export interface Balancer {
  readonly name: string;
  /** Equal distances always give equal orders: what was ordered once need not be ordered again. */
  readonly isByDistanceOnly: boolean;
  /** Whether `AttemptResult.usage` is of interest: reading it costs time. */
  readonly needsUsage: boolean;
  /**
   * Indexes of the targets that may be tried, best first: failover goes down this list, and test-route prints it. Changes nothing: the
   * same pick gives the same order until `observe` hears something. Every target appears once, except that the semantic algorithm
   * leaves out those that do not match.
   */
  order(targets: readonly TargetView[], pick: Pick): readonly number[];
  /** Absent on algorithms that learn nothing. */
  observe?(event: BalancerEvent): void;
}

/** What `create` gets of `config.balancer` and the targets. */
export interface BalancerSettings {
  readonly targets: readonly TargetView[];
  /** By target index: what is known of a target outlives a reload. */
  readonly memories: readonly TargetMemory[];
  readonly slots: number;
  readonly latencyStrategy: "tpot" | "e2e";
  readonly usageStrategy: "total-tokens" | "prompt-tokens" | "completion-tokens" | "cost";
  /** By target index; per million tokens. */
  readonly prices: readonly (TokenPrices | undefined)[];
}

export interface TokenPrices {
  readonly input: number;
  readonly output: number;
}

export interface BalancerDefinition {
  readonly name: string;
  create(settings: BalancerSettings): Balancer;
}
