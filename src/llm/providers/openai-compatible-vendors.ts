import { isJsonObject, type JsonObject } from "../../core/json.ts";
import { endpointOf, hostLabel, selfHostedEndpoint } from "../endpoint.ts";
import { openAiCompatible, type OpenAiCompatibleVendor } from "../openai-compatible.ts";
import type { ProviderDriver } from "../provider.ts";

/** Vendors that speak OpenAI's format and differ in nothing but their URL. One row each, and one fixture in fixtures/llm/vendors/. */
const vendors: readonly OpenAiCompatibleVendor[] = [
  { name: "xai", chat: "https://api.x.ai/v1/chat/completions" },
  { name: "cerebras", chat: "https://api.cerebras.ai/v1/chat/completions" },
  { name: "deepseek", chat: "https://api.deepseek.com/v1/chat/completions" },
  { name: "huggingface", chat: "https://router.huggingface.co/v1/chat/completions" },
  { name: "dashscope", chat: (options) => endpointOf("dashscope", options, () => dashscopeUrl(options)) },
  { name: "databricks", chat: (options) => endpointOf("databricks", options, () => databricksUrl(options)) },
  { name: "vllm", chat: (options) => selfHostedEndpoint("vllm", options, "/v1/chat/completions") },
];

export const vendorProviders: Readonly<Record<string, ProviderDriver>> = Object.fromEntries(
  vendors.map((vendor) => [vendor.name, openAiCompatible(vendor)]),
);

function dashscopeUrl({ dashscope }: JsonObject): string {
  const isInternational = !isJsonObject(dashscope) || dashscope["international"] !== false;
  return `https://dashscope${isInternational ? "-intl" : ""}.aliyuncs.com/compatible-mode/v1/chat/completions`;
}

function databricksUrl({ databricks }: JsonObject): string {
  const id = isJsonObject(databricks) ? databricks["workspace_instance_id"] : undefined;
  const workspace = hostLabel("databricks", "databricks.workspace_instance_id", id);
  return `https://${workspace}.cloud.databricks.com/serving-endpoints/v1/chat/completions`;
}
