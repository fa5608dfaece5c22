import { isJsonObject } from "../../../core/json.ts";
import type { EmbedderSettings } from "../../embedder.ts";
import type { EmbeddingRow, EmbeddingsEndpoint } from "./api.ts";

/** Servers that users run take fewer texts than OpenAI: Text Embeddings Inference 32, if nothing else is set. */
const MAX_TEXTS_ELSEWHERE = 32;

/**
 * OpenAI's request and answer, at `url`: https://platform.openai.com/docs/api-reference/embeddings. Sends no `encoding_format`: plain
 * numbers, the default, are what every server that imitates OpenAI agrees on.
 */
export function openAiEndpoint(
  url: URL,
  { model, dimensions, upstreamUrl }: EmbedderSettings,
  dimensionsField = "dimensions",
): EmbeddingsEndpoint {
  return {
    url,
    ...(upstreamUrl === undefined ? {} : { maxTexts: MAX_TEXTS_ELSEWHERE }),
    body: (texts, wish) => ({ model, input: texts, ...(wish ? { [dimensionsField]: dimensions } : {}) }),
    read: readRows,
  };
}

function readRows(answer: unknown): readonly EmbeddingRow[] | undefined {
  if (!isJsonObject(answer) || !Array.isArray(answer["data"])) return undefined;
  const rows: readonly unknown[] = answer["data"];
  return rows.every((row) => isRow(row, rows.length)) ? rows : undefined;
}

function isRow(row: unknown, count: number): row is EmbeddingRow {
  if (!isJsonObject(row) || !Array.isArray(row["embedding"])) return false;
  const index = row["index"];
  return index === undefined || (Number.isInteger(index) && Number(index) >= 0 && Number(index) < count);
}
