import type { TokenPrices } from "../balancer/balancer.ts";
import type { Head } from "../balancer/head/head.ts";
import type { JsonObject } from "../core/json.ts";
import type { DistanceMetric } from "../vectors/store.ts";

/** A target as `gw tune` varies it. */
export interface TunableTarget {
  readonly index: number;
  readonly provider: string;
  readonly model: string | null;
  readonly description: string;
  readonly isCatchall: boolean;
  readonly threshold: number;
  readonly examples: readonly string[];
  /** Per million tokens; undefined when they are not configured. */
  readonly prices: TokenPrices | undefined;
}

/** What `gw tune` needs to try other settings of a plugin without building it anew. */
export interface TuningView {
  readonly targets: readonly TunableTarget[];
  readonly rule: "literal" | "contrast";
  /** `gw.head`. */
  readonly head: Head | undefined;
  readonly metric: DistanceMetric;
  /** `provider/name` of the embedding model. */
  readonly embedding: string;
  /** The text of a conversation that is compared first; undefined when it has none. Throws RequestError for messages that are none. */
  textOf(messages: readonly JsonObject[]): string | undefined;
  embed(texts: readonly string[], options: { readonly signal: AbortSignal }): Promise<readonly Float32Array[]>;
}
