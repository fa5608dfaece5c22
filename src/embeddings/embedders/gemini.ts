import { isJsonObject } from "../../core/json.ts";
import type { EmbedderSettings } from "../embedder.ts";
import { type EmbeddingRow, type EmbeddingsEndpoint, readLists } from "./http/api.ts";
import { httpEmbedder } from "./http/embedder.ts";
import { endpointUrl, nameOption, optionOf } from "./http/settings.ts";

/** https://ai.google.dev/api/embeddings: a hundred texts a request. */
const MAX_TEXTS = 100;

/** https://cloud.google.com/vertex-ai/generative-ai/docs/embeddings/get-text-embeddings: of gemini-embedding models one, of others 250. */
const MAX_VERTEX_TEXTS = 250;

/**
 * The public Gemini API, or Vertex AI where `options.gemini` names a project, or `upstream_url` ends in `:predict`. Models older than
 * text-embedding-004 have one length.
 */
export const geminiEmbedder = httpEmbedder({
  name: "gemini",
  fixedDimensions: new Map([
    ["embedding-001", 768],
    ["textembedding-gecko@003", 768],
  ]),
  open(settings) {
    const isVertex = optionOf(settings, "project_id") !== undefined;
    const url = endpointUrl(settings, () => (isVertex ? vertexUrl(settings) : publicUrl(settings)));
    if (url.pathname.endsWith(":predict")) return vertexEndpoint(url, settings);
    return url.pathname.endsWith(":embedContent") ? singleEndpoint(url, settings) : batchEndpoint(url, settings);
  },
});

function publicUrl({ model }: EmbedderSettings): string {
  return `https://generativelanguage.googleapis.com/v1beta/models/${encodeURIComponent(model)}:batchEmbedContents`;
}

function vertexUrl(settings: EmbedderSettings): string {
  const place = `projects/${nameOption(settings, "project_id")}/locations/${nameOption(settings, "location_id")}`;
  const model = `publishers/google/models/${encodeURIComponent(settings.model)}`;
  return `https://${nameOption(settings, "api_endpoint")}/v1/${place}/${model}:predict`;
}

function batchEndpoint(url: URL, settings: EmbedderSettings): EmbeddingsEndpoint {
  const model = `models/${settings.model}`;
  return {
    url,
    maxTexts: MAX_TEXTS,
    body: (texts, wish) => ({ requests: texts.map((text) => ({ model, ...contentOf(text, settings, wish) })) }),
    read: (answer) => (isJsonObject(answer) ? readValues(answer["embeddings"], (row) => row) : undefined),
  };
}

function singleEndpoint(url: URL, settings: EmbedderSettings): EmbeddingsEndpoint {
  return {
    url,
    maxTexts: 1,
    body: ([text = ""], wish) => contentOf(text, settings, wish),
    read: (answer) => (isJsonObject(answer) ? readValues([answer["embedding"]], (row) => row) : undefined),
  };
}

function vertexEndpoint(url: URL, { model, dimensions }: EmbedderSettings): EmbeddingsEndpoint {
  return {
    url,
    maxTexts: model.startsWith("gemini-embedding") ? 1 : MAX_VERTEX_TEXTS,
    body: (texts, wish) => ({
      instances: texts.map((content) => ({ content })),
      ...(wish ? { parameters: { outputDimensionality: dimensions } } : {}),
    }),
    read: (answer) =>
      isJsonObject(answer)
        ? readValues(answer["predictions"], (row) => (isJsonObject(row) ? row["embeddings"] : undefined))
        : undefined,
  };
}

function contentOf(text: string, { dimensions }: EmbedderSettings, wish: boolean): Readonly<Record<string, unknown>> {
  return { content: { parts: [{ text }] }, ...(wish ? { outputDimensionality: dimensions } : {}) };
}

/** `embeddingOf` finds the object with `values` in a row. */
function readValues(rows: unknown, embeddingOf: (row: unknown) => unknown): readonly EmbeddingRow[] | undefined {
  if (!Array.isArray(rows)) return undefined;
  return readLists(
    rows.map((row: unknown) => {
      const embedding = embeddingOf(row);
      return isJsonObject(embedding) ? embedding["values"] : undefined;
    }),
  );
}
