import { isJsonObject } from "../../core/json.ts";
import type { EmbedderSettings } from "../embedder.ts";
import { type EmbeddingsEndpoint, readLists } from "./http/api.ts";
import { httpEmbedder } from "./http/embedder.ts";
import { endpointUrl, nameOption, optionOf } from "./http/settings.ts";

/** https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-embed.html: texts a request, characters a text. */
const MAX_COHERE_TEXTS = 96;
const MAX_COHERE_CHARACTERS = 2048;

/**
 * Titan and Cohere models on Bedrock, which have a format each; other models are asked as Titan is. Requests are signed by whoever sends
 * them; a Bedrock API key is a header like any other.
 */
export const bedrockEmbedder = httpEmbedder({
  name: "bedrock",
  fixedDimensions: new Map([
    ["amazon.titan-embed-text-v1", 1536],
    ["cohere.embed-english-v3", 1024],
    ["cohere.embed-multilingual-v3", 1024],
  ]),
  open(settings) {
    const path = `/model/${encodeURIComponent(settings.model)}/invoke`;
    const url = endpointUrl(settings, () => `https://${hostOf(settings)}${path}`);
    if (url.pathname === "/") url.pathname = path;
    const latency = optionOf(settings, "performance_config_latency");
    const headers = latency === undefined ? [] : ["x-amzn-bedrock-performanceconfig-latency", String(latency)];
    const endpoint = settings.model.includes("cohere.") ? cohereEndpoint(url, settings) : titanEndpoint(url, settings);
    return { ...endpoint, headers };
  },
});

function hostOf(settings: EmbedderSettings): string {
  const region = nameOption(settings, "aws_region");
  return `bedrock-runtime.${region}.amazonaws.com${region.startsWith("cn-") ? ".cn" : ""}`;
}

function titanEndpoint(url: URL, settings: EmbedderSettings): EmbeddingsEndpoint {
  const normalize = optionOf(settings, "embeddings_normalize") === true;
  const { dimensions } = settings;
  return {
    url,
    maxTexts: 1,
    body: ([inputText], wish) => ({ inputText, ...(wish ? { dimensions, normalize } : {}) }),
    read: (answer) => (isJsonObject(answer) ? readLists([answer["embedding"]]) : undefined),
  };
}

/** From its fourth version on a model can shorten its vectors, and names the kind of numbers that it gives. */
function cohereEndpoint(url: URL, { model, dimensions }: EmbedderSettings): EmbeddingsEndpoint {
  const isOld = model.includes("-v3");
  const newer = { embedding_types: ["float"], output_dimension: dimensions };
  return {
    url,
    maxTexts: MAX_COHERE_TEXTS,
    body: (texts, wish) => ({
      texts: texts.map((text) => text.slice(0, MAX_COHERE_CHARACTERS).toWellFormed()),
      input_type: "classification",
      truncate: isOld ? "END" : "RIGHT",
      ...(isOld || !wish ? {} : newer),
    }),
    read(answer) {
      const found = isJsonObject(answer) ? answer["embeddings"] : undefined;
      return readLists(isJsonObject(found) ? found["float"] : found);
    },
  };
}
