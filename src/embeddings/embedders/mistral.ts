import { openaiCompatibleEmbedder } from "./openai-compatible/embedder.ts";

/**
 * https://docs.mistral.ai/api/endpoint/embeddings. The length is asked for by another name than OpenAI's, of the models that can change
 * it (codestral-embed); `mistral-embed` answers 400 to either name.
 */
export const mistralEmbedder = openaiCompatibleEmbedder({
  name: "mistral",
  url: "https://api.mistral.ai/v1/embeddings",
  dimensionsField: "output_dimension",
  fixedDimensions: new Map([["mistral-embed", 1024]]),
});
