import type { EmbeddingRow } from "./api.ts";
import type { Credential } from "./credential.ts";
import { EmbeddingError } from "../../embedding-error.ts";

/** One request for vectors, as far as judging its answer needs it. */
export interface Asked {
  readonly provider: string;
  readonly model: string;
  readonly dimensions: number;
  readonly texts: readonly string[];
  readonly credentials: readonly Credential[];
}

/**
 * The vectors of a 200 answer in the order of the texts, each of `asked.dimensions` numbers: shorter ones are padded with zeros, which
 * changes neither cosine nor distance. Throws EmbeddingError, which quotes nothing of the answer.
 */
export function toVectors(rows: readonly EmbeddingRow[] | undefined, asked: Asked): readonly Float32Array[] {
  if (rows === undefined) throw unusable(asked, "is not a list of embeddings: is upstream_url an embeddings endpoint?");
  if (rows.length !== asked.texts.length)
    throw unusable(asked, `has ${rows.length} vectors for ${asked.texts.length} texts.`);
  const byIndex = new Map(rows.map((row, position) => [row.index ?? position, toVector(row.embedding, asked)]));
  if (byIndex.size < rows.length) throw unusable(asked, "has two vectors for one text.");
  return [...byIndex].toSorted(([a], [b]) => a - b).map(([, vector]) => vector);
}

function toVector(numbers: readonly unknown[], asked: Asked): Float32Array {
  if (numbers.length > asked.dimensions) {
    throw unusable(
      asked,
      `has vectors of ${numbers.length} numbers, but vectordb.dimensions is ${asked.dimensions}. Set vectordb.dimensions to ${numbers.length}.`,
    );
  }
  if (numbers.length === 0 || !numbers.every((number) => Number.isFinite(number))) {
    throw unusable(asked, "has a vector that is not a list of numbers.");
  }
  const vector = new Float32Array(asked.dimensions);
  vector.set(numbers as readonly number[]);
  return vector;
}

function unusable({ provider, model }: Asked, problem: string): EmbeddingError {
  return new EmbeddingError(`The embeddings answer of ${provider}/${model} ${problem}`, {
    provider,
    model,
    status: 200,
  });
}
