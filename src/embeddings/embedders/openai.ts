import { httpEmbedder } from "./http/embedder.ts";
import { openAiEndpoint } from "./http/openai-format.ts";
import { endpointUrl } from "./http/settings.ts";

/**
 * https://platform.openai.com/docs/api-reference/embeddings, and with `upstream_url` every server that speaks its format: vLLM, Text
 * Embeddings Inference, LM Studio. `text-embedding-ada-002` answers 400 to `dimensions`.
 */
export const openaiEmbedder = httpEmbedder({
  name: "openai",
  fixedDimensions: new Map([["text-embedding-ada-002", 1536]]),
  open: (settings) =>
    openAiEndpoint(
      endpointUrl(settings, () => "https://api.openai.com/v1/embeddings"),
      settings,
    ),
});
