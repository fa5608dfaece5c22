import type { EmbedderSettings } from "../embedder.ts";
import { httpEmbedder } from "./http/embedder.ts";
import { openAiEndpoint } from "./http/openai-format.ts";
import { endpointUrl, nameOption, optionOf } from "./http/settings.ts";

/** The first version of the API whose embeddings take `dimensions`; Kong's default, 2023-05-15, answers 400 to it. */
const FIRST_WITH_DIMENSIONS = "2024-02-01";
const USUAL_VERSION = "2023-05-15";

/** https://learn.microsoft.com/azure/ai-foundry/openai/reference#embeddings: OpenAI's format, a deployment in the path. */
export const azureEmbedder = httpEmbedder({
  name: "azure",
  fixedDimensions: new Map([["text-embedding-ada-002", 1536]]),
  open(settings) {
    const url = endpointUrl(settings, () => deploymentUrl(settings));
    const version = url.searchParams.get("api-version") ?? versionOf(settings);
    url.searchParams.set("api-version", version);
    const endpoint = openAiEndpoint(url, settings);
    return { ...endpoint, body: (texts, wish) => endpoint.body(texts, wish && version >= FIRST_WITH_DIMENSIONS) };
  },
});

function deploymentUrl(settings: EmbedderSettings): string {
  const host = `${nameOption(settings, "instance")}.openai.azure.com`;
  return `https://${host}/openai/deployments/${nameOption(settings, "deployment_id")}/embeddings`;
}

function versionOf(settings: EmbedderSettings): string {
  const version = optionOf(settings, "api_version");
  return typeof version === "string" ? version : USUAL_VERSION;
}
