import { openaiCompatibleEmbedder } from "./openai-compatible/embedder.ts";

/** https://platform.openai.com/docs/api-reference/embeddings. `text-embedding-ada-002` answers 400 to `dimensions`. */
export const openaiEmbedder = openaiCompatibleEmbedder({
  name: "openai",
  url: "https://api.openai.com/v1/embeddings",
  dimensionsField: "dimensions",
  fixedDimensions: new Map([["text-embedding-ada-002", 1536]]),
});
