import { isJsonObject } from "../../core/json.ts";
import { readLists } from "./http/api.ts";
import { httpEmbedder } from "./http/embedder.ts";
import { openAiEndpoint } from "./http/openai-format.ts";
import { selfHostedUrl } from "./http/settings.ts";

/**
 * https://docs.ollama.com/api/embed. `upstream_url` is the endpoint, or the server, whose `/api/embed` is then taken; one that ends in
 * `/v1/embeddings` is Ollama's imitation of OpenAI.
 */
export const ollamaEmbedder = httpEmbedder({
  name: "ollama",
  fixedDimensions: new Map(),
  open(settings) {
    const url = selfHostedUrl(settings, "/api/embed");
    if (url.pathname.endsWith("/v1/embeddings")) return openAiEndpoint(url, settings);
    const { model, dimensions } = settings;
    return {
      url,
      body: (texts, wish) => ({ model, input: texts, truncate: true, ...(wish ? { dimensions } : {}) }),
      read: (answer) => (isJsonObject(answer) ? readLists(answer["embeddings"]) : undefined),
    };
  },
});
