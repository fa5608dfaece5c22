import type { JsonObject } from "../../core/json.ts";
import { endpointOf, hostLabel, pathSegment } from "../endpoint.ts";
import { openAiCompatible } from "../openai-compatible.ts";
import type { Endpoint, ProviderDriver } from "../provider.ts";

/** https://learn.microsoft.com/azure/ai-foundry/openai/reference#chat-completions. As in Kong, the client may ask for another api-version. */
export const azureProvider: ProviderDriver = {
  ...openAiCompatible({ name: "azure", chat: toEndpoint }),
  clientQuery: "api-version",
};

function toEndpoint(options: JsonObject): Endpoint {
  const { azure_instance: instance, azure_deployment_id: deployment, azure_api_version: version } = options;
  const { origin, path } = endpointOf("azure", options, () => {
    const host = `${hostLabel("azure", "azure_instance", instance)}.openai.azure.com`;
    const name = pathSegment("azure", "model.options.azure_deployment_id", deployment);
    return `https://${host}/openai/deployments/${name}/chat/completions`;
  });
  if (typeof version !== "string" || /[?&]api-version=/.test(path)) return { origin, path };
  return { origin, path: `${path}${path.includes("?") ? "&" : "?"}api-version=${encodeURIComponent(version)}` };
}
