import { httpEmbedder } from "./http/embedder.ts";
import { openAiEndpoint } from "./http/openai-format.ts";
import { endpointUrl } from "./http/settings.ts";

/**
 * https://docs.mistral.ai/api/endpoint/embeddings. The length is asked for by another name than OpenAI's, of the models that can change
 * it (codestral-embed); `mistral-embed` answers 400 to either name.
 */
export const mistralEmbedder = httpEmbedder({
  name: "mistral",
  fixedDimensions: new Map([["mistral-embed", 1024]]),
  open(settings) {
    const url = endpointUrl(settings, () => "https://api.mistral.ai/v1/embeddings");
    return openAiEndpoint(url, settings, "output_dimension");
  },
});
