import type { EmbedderSettings } from "../../embedder.ts";

/** What differs between vendors. Batches, credentials, limits and failures are the same for all: embedder.ts. */
export interface EmbeddingsApi {
  readonly name: string;
  /** Models that have one length only, and may refuse a wish for another, with that length. */
  readonly fixedDimensions: ReadonlyMap<string, number>;
  /** Throws GwError GW_CONFIG_INVALID for settings that name no endpoint. */
  open(settings: EmbedderSettings): EmbeddingsEndpoint;
}

/** One model at one address. */
export interface EmbeddingsEndpoint {
  readonly url: URL;
  /** Alternating names and values, beside those of every request. */
  readonly headers?: readonly string[];
  /** The most texts that one request may hold; 256 when absent. Of endpoints that take one, several requests are under way at once. */
  readonly maxTexts?: number;
  /** `wish`: whether to ask for vectors of `settings.dimensions` numbers, where the vendor can be asked. */
  body(texts: readonly string[], wish: boolean): Readonly<Record<string, unknown>>;
  /** The rows of a 200 answer; undefined when it is of another shape. */
  read(answer: unknown): readonly EmbeddingRow[] | undefined;
}

export interface EmbeddingRow {
  /** Position of the text in the request; that of the row when absent. */
  readonly index?: number;
  readonly embedding: readonly unknown[];
}

/** Plain lists of numbers, in the order of the texts. */
export function readLists(lists: unknown): readonly EmbeddingRow[] | undefined {
  if (!Array.isArray(lists) || !lists.every((list) => Array.isArray(list))) return undefined;
  return lists.map((embedding: readonly unknown[]) => ({ embedding }));
}
