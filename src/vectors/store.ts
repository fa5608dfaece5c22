import type { JsonObject } from "../core/json.ts";
import type { Notify } from "../core/notice.ts";
import type { Secret } from "../core/secret.ts";

/** `cosine`: 1 - cosine similarity, 0…2. `euclidean`: the squared L2 distance, as RediSearch computes it. */
export type DistanceMetric = "cosine" | "euclidean";

export interface IndexSpec {
  /** Owner of the index (a plugin's id): indexes of the same owner and another `fingerprint` are orphans. */
  readonly owner: string;
  /** Hash of everything that makes vectors comparable: embedding provider, model, dimensions, metric. */
  readonly fingerprint: string;
  readonly dimensions: number;
  readonly metric: DistanceMetric;
}

export interface VectorItem {
  /** Unique within the index; no white space or colon. */
  readonly id: string;
  /** Under cosine not the zero vector: GW_VECTOR_MISMATCH. As a query it is allowed, at distance 1 from everything. */
  readonly vector: Float32Array;
}

export interface VectorMatch {
  readonly id: string;
  readonly distance: number;
}

/**
 * Where target vectors live. All methods throw VectorError (GW_VECTOR_UNREACHABLE, GW_VECTOR_UNSUPPORTED, GW_VECTOR_MISMATCH), what
 * `resolve` of the settings throws, or the signal's reason. Where `search` says GW_VECTOR_MISMATCH, the index is missing or has lost
 * items, as after the restart of a server that keeps nothing: `replace` makes it whole.
 * Every entry of the catalogue passes test/contract/vector-store.contract.ts; `memory` is the reference.
 */
export interface VectorStore {
  /** `memory`, `redis-search`, `redis-vectorset`: what is really used, for test-route and metrics. */
  readonly name: string;
  /** Makes the index hold exactly `items`: creates it when missing ("already exists" is success) and removes other items. */
  replace(spec: IndexSpec, items: readonly VectorItem[], options: { readonly signal: AbortSignal }): Promise<void>;
  /** The `limit` nearest, ascending by distance, equal distances by id. All distances, not only those within a threshold. */
  search(
    spec: IndexSpec,
    vector: Float32Array,
    limit: number,
    options: { readonly signal: AbortSignal },
  ): Promise<readonly VectorMatch[]>;
  /**
   * The distances of all items, in the order of the last `replace`, at once: for who needs no order, which costs more than comparing.
   * Absent where a server has to be asked.
   */
  scan?(spec: IndexSpec, vector: Float32Array): Float64Array;
  /** Deletes indexes of `spec.owner` that have another fingerprint. */
  removeOrphans(spec: IndexSpec, options: { readonly signal: AbortSignal }): Promise<void>;
  /** The server as it calls itself, with its version: `Redis 8.2.1`. Absent where none is asked. */
  server?(options: { readonly signal: AbortSignal }): Promise<string>;
  close(): Promise<void>;
}

/** `config.vectordb` of a plugin; `connection` is the block of the strategy's own name. */
export interface VectorStoreSettings {
  readonly strategy: string;
  readonly connection: JsonObject;
  /** Resolves a referenceable field of `connection`; plain text is returned as a Secret too. */
  resolve(value: string, options: { readonly signal: AbortSignal }): Promise<Secret>;
}

export interface VectorStoreDefinition {
  /** `config.vectordb.strategy`. */
  readonly name: string;
  /** Does not wait for a server: connection problems show in the first call. */
  create(settings: VectorStoreSettings, services: { readonly notify: Notify }): Promise<VectorStore>;
}
