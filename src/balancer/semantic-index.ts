import { withDeadline } from "../core/abort.ts";
import type { Clock } from "../core/clock.ts";
import { BugError, toError, VectorError } from "../core/errors.ts";
import type { Notify } from "../core/notice.ts";
import type { EmbeddingCache } from "../embeddings/cache.ts";
import type { Embedder } from "../embeddings/embedder.ts";
import type { IndexSpec, VectorItem, VectorStore } from "../vectors/store.ts";
import type { Distances } from "./balancer.ts";
import type { Scorer, ScoringRule, Standings } from "./scoring.ts";

/** A text that stands for a target: its description, or an example. The nearest of a target's texts tells its distance. */
export interface TargetText {
  readonly index: number;
  readonly text: string;
}

export interface SemanticIndexSettings {
  readonly texts: readonly TargetText[];
  readonly spec: IndexSpec;
  /** undefined: targets go by their distances alone. */
  readonly rule: ScoringRule | undefined;
  /** Embeds the texts of targets and rule, all at once. */
  readonly embedder: Embedder;
  /** The same embedder behind its cache, for the texts of requests: the same text gives the same array as long as it is cached. */
  readonly cache: EmbeddingCache;
  readonly store: VectorStore;
  /** An exact store inside the process: answers while `store` is away. */
  readonly copy: VectorStore;
  /** For embedding a text and searching for it together, in milliseconds. */
  readonly timeoutMs: number;
  readonly clock: Clock;
  readonly notify: Notify;
}

export interface Match {
  readonly distances: Distances;
  /** undefined under the literal rule. */
  readonly standings: Standings | undefined;
  /** The rule found that the text says nothing of its own. */
  readonly isVague: boolean;
  /** Who told the distances: the store's name, or `copy` for the one inside the process while the store is away. */
  readonly answeredBy: string;
  readonly isStoreAway: boolean;
}

type Found = Pick<Match, "distances" | "answeredBy" | "isStoreAway">;

const LOAD_TIMEOUT_MS = 30_000;
const FIRST_RETRY_MS = 500;
const LONGEST_RETRY_MS = 30_000;

/** Of more texts the nearest: a store finds them without looking at all. The others count as beyond any threshold. */
const MOST_SEARCHED = 1000;

/**
 * The targets' texts as vectors: embedded when a configuration is loaded, written to the vector store, and kept as an exact copy. What
 * fails is tried again in the background until it succeeds or the index is closed; a failed start is never remembered.
 */
export class SemanticIndex {
  readonly #settings: SemanticIndexSettings;
  readonly #closing = new AbortController();
  /** A match lives as long as its text is in the cache of embeddings: the same text gets the same answer until the next reload. */
  readonly #matches = new WeakMap<Float32Array, Match>();
  #items: readonly VectorItem[] | undefined;
  #scorer: Scorer | undefined;
  #isStored = false;
  #failures = 0;
  #lastFailure: Error | undefined;
  #loading: Promise<void> | undefined;
  #cancelRetry: (() => void) | undefined;

  constructor(settings: SemanticIndexSettings) {
    this.#settings = settings;
  }

  /** Settles when everything is in place, or after the first try that failed: `problem` then says what is missing. Never rejects. */
  async load(): Promise<void> {
    if (this.#isStored || this.#closing.signal.aborted) return;
    this.#loading ??= this.#tryLoad().finally(() => {
      this.#loading = undefined;
    });
    await this.#loading;
  }

  /** Why no text can be compared; undefined when texts can. A store that is away is none: the copy answers. */
  get problem(): string | undefined {
    if (this.#items !== undefined) return undefined;
    return `target descriptions are not embedded${this.#lastFailure === undefined ? " yet" : `: ${this.#lastFailure.message}`}`;
  }

  /** The match of a text that was seen before, at once. */
  peek(text: string): Match | undefined {
    const vector = this.#settings.cache.peek(text);
    return vector === undefined ? undefined : this.#matches.get(vector);
  }

  /**
   * Throws what the embedder threw (or the deadline's TimeoutError) when the text cannot be compared in time. `onLookUp` is told, before
   * anything is waited for, whether the text is in the cache of embeddings.
   */
  async match(text: string, onLookUp: (isCached: boolean) => void = ignore): Promise<Match> {
    const { cache, clock, timeoutMs } = this.#settings;
    const cached = cache.peek(text);
    onLookUp(cached !== undefined);
    const known = cached && this.#matches.get(cached);
    if (known !== undefined) return known;
    const startedAt = clock.now();
    // While the store is away no match is kept, but the vector is at hand.
    const vector =
      (this.#items && cached) ??
      (await withDeadline(timeoutMs, this.#closing.signal, (signal) => this.#embed(text, signal)));
    const found = await this.#search(vector, Math.max(1, timeoutMs - (clock.now() - startedAt)));
    const verdict = this.#scorer?.({ text, vector }, found.distances);
    const match: Match = { ...found, standings: verdict?.standings, isVague: verdict?.isVague ?? false };
    if (!match.isStoreAway) this.#matches.set(vector, match);
    return match;
  }

  close(): void {
    this.#cancelRetry?.();
    this.#closing.abort();
  }

  async #embed(text: string, signal: AbortSignal): Promise<Float32Array> {
    const vector = await this.#settings.cache.embed(text, { signal });
    // The embedder is there: no need to wait for the next try.
    if (this.#items === undefined) await this.load();
    if (this.#items === undefined) throw this.#lastFailure ?? new Error("The target descriptions are not embedded yet");
    return vector;
  }

  async #search(vector: Float32Array, timeoutMs: number): Promise<Found> {
    const { store, notify } = this.#settings;
    if (this.#isStored && store.scan !== undefined)
      return {
        distances: this.#scanned(store.scan(this.#settings.spec, vector)),
        answeredBy: store.name,
        isStoreAway: false,
      };
    if (this.#isStored) {
      try {
        const distances = await withDeadline(timeoutMs, this.#closing.signal, (signal) =>
          this.#distances(store, vector, signal),
        );
        return { distances, answeredBy: store.name, isStoreAway: false };
      } catch (thrown) {
        // A slow embedder may have left the store no time: that says nothing about the store.
        const hadTime = timeoutMs > this.#settings.timeoutMs / 2;
        const error = toError(thrown);
        if (hadTime || error.name !== "TimeoutError") this.#onFailure(error);
      }
    }
    notify({
      code: "vector-store-away",
      message: `The vector store "${store.name}" is away: targets are chosen by the copy in memory.`,
    });
    const distances = await this.#distances(this.#settings.copy, vector, this.#closing.signal);
    return { distances, answeredBy: "copy", isStoreAway: true };
  }

  async #distances(store: VectorStore, vector: Float32Array, signal: AbortSignal): Promise<Distances> {
    const all = store.scan?.(this.#settings.spec, vector);
    return all === undefined ? await this.#searched(store, vector, signal) : this.#scanned(all);
  }

  /** `all` is in the order of the texts. */
  #scanned(all: Float64Array): Distances {
    const distances: (number | undefined)[] = [];
    for (const [position, { index }] of this.#settings.texts.entries())
      keepNearest(distances, index, all[position] ?? Infinity);
    return distances;
  }

  /** Throws GW_VECTOR_MISMATCH when the store no longer holds every target. */
  async #searched(store: VectorStore, vector: Float32Array, signal: AbortSignal): Promise<Distances> {
    const { spec, texts } = this.#settings;
    const matches = await store.search(spec, vector, Math.min(texts.length, MOST_SEARCHED), { signal });
    const distances: (number | undefined)[] = [];
    const found = new Set<string>();
    for (const { id, distance } of matches) {
      const text = texts[Number(id)];
      if (text !== undefined) keepNearest(distances, text.index, distance);
      found.add(id);
    }
    const lost = texts.length > MOST_SEARCHED ? undefined : texts.find((_, position) => !found.has(idOf(position)));
    if (lost === undefined) return distances;
    throw new VectorError(
      "GW_VECTOR_MISMATCH",
      `The vector store "${store.name}" has no vector of targets[${lost.index}]; it is written again.`,
    );
  }

  async #tryLoad(): Promise<void> {
    try {
      await this.#embedTexts();
      await this.#writeStore();
      this.#failures = 0;
      this.#lastFailure = undefined;
      this.#isStored = true;
    } catch (thrown) {
      this.#onFailure(toError(thrown));
    }
  }

  async #embedTexts(): Promise<void> {
    if (this.#items !== undefined) return;
    const { texts, rule, embedder, copy, spec } = this.#settings;
    const unique = [...new Set([...texts.map(({ text }) => text), ...(rule?.texts ?? [])])];
    this.#items = await withDeadline(LOAD_TIMEOUT_MS, this.#closing.signal, async (signal) => {
      const vectors = unique.length === 0 ? [] : await embedder.embed(unique, { signal });
      const vectorOf = lookUp(new Map(unique.map((text, position) => [text, vectors[position]])));
      const items = texts.map(({ text }, position) => ({ id: idOf(position), vector: vectorOf(text) }));
      await copy.replace(spec, items, { signal });
      this.#scorer = rule?.compile(vectorOf);
      return items;
    });
  }

  async #writeStore(): Promise<void> {
    const { store, spec } = this.#settings;
    const items = this.#items ?? [];
    await withDeadline(LOAD_TIMEOUT_MS, this.#closing.signal, async (signal) => {
      await store.replace(spec, items, { signal });
      await store.removeOrphans(spec, { signal });
    });
  }

  #onFailure(error: Error): void {
    if (this.#closing.signal.aborted) return;
    this.#isStored = false;
    this.#lastFailure = error;
    const isEmbedded = this.#items !== undefined;
    this.#settings.notify(
      isEmbedded
        ? {
            code: "vector-store-away",
            message: `Targets are chosen by the copy in memory until the vector store is back: ${error.message}`,
          }
        : {
            code: "embedding-away",
            message: `Target descriptions could not be embedded: ${error.message} It is tried again.`,
          },
    );
    this.#scheduleRetry();
  }

  #scheduleRetry(): void {
    const delay = Math.min(FIRST_RETRY_MS * 2 ** this.#failures, LONGEST_RETRY_MS);
    this.#failures += 1;
    this.#cancelRetry?.();
    this.#cancelRetry = this.#settings.clock.after(delay, () => void this.load());
  }
}

/** The nearest of a target's texts tells its distance. */
function keepNearest(distances: (number | undefined)[], index: number, distance: number): void {
  distances[index] = Math.min(distance, distances[index] ?? Infinity);
}

/** Of the text at this position. */
function idOf(position: number): string {
  return String(position);
}

function lookUp(vectors: ReadonlyMap<string, Float32Array | undefined>): (text: string) => Float32Array {
  return (text) => {
    const vector = vectors.get(text);
    if (vector === undefined) throw new BugError("An embedder returned fewer vectors than texts.");
    return vector;
  };
}

function ignore(): void {}
