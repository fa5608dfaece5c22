import { consistentHashing } from "./balancer/algorithms/consistent-hashing.ts";
import { leastConnections } from "./balancer/algorithms/least-connections.ts";
import { lowestLatency } from "./balancer/algorithms/lowest-latency.ts";
import { lowestUsage } from "./balancer/algorithms/lowest-usage.ts";
import { priority } from "./balancer/algorithms/priority.ts";
import { roundRobin } from "./balancer/algorithms/round-robin.ts";
import { semantic } from "./balancer/algorithms/semantic.ts";
import type { BalancerDefinition } from "./balancer/balancer.ts";
import type { LoadPluginCheck } from "./config/plugin-check.ts";
import type { EmbedderDefinition } from "./embeddings/embedder.ts";
import type { ProviderDriver } from "./llm/provider.ts";
import { anthropicProvider } from "./llm/providers/anthropic.ts";
import { azureProvider } from "./llm/providers/azure.ts";
import { bedrockProvider } from "./llm/providers/bedrock.ts";
import { cohereProvider } from "./llm/providers/cohere.ts";
import { geminiProvider } from "./llm/providers/gemini.ts";
import { llama2Provider } from "./llm/providers/llama2.ts";
import { mistralProvider } from "./llm/providers/mistral.ts";
import { ollamaProvider } from "./llm/providers/ollama.ts";
import { openaiProvider } from "./llm/providers/openai.ts";
import { vendorProviders } from "./llm/providers/openai-compatible-vendors.ts";
import type { PluginDefinition } from "./plugins/plugin.ts";
import type { VaultDefinition } from "./secrets/vault.ts";
import type { VectorStoreDefinition } from "./vectors/store.ts";

/** Loaded when a configuration asks for it, so that `gw validate` never pays for Redis or Vault. */
type Lazy<T> = () => Promise<T>;

export const plugins: Readonly<Record<string, Lazy<PluginDefinition>>> = {
  "ai-proxy-advanced": async () => (await import("./plugins/ai-proxy-advanced/plugin.ts")).aiProxyAdvanced,
  "ai-proxy": async () => (await import("./plugins/ai-proxy/plugin.ts")).aiProxy,
  acl: async () => (await import("./plugins/acl.ts")).acl,
  "correlation-id": async () => (await import("./plugins/correlation-id.ts")).correlationId,
  cors: async () => (await import("./plugins/cors.ts")).cors,
  "ip-restriction": async () => (await import("./plugins/ip-restriction.ts")).ipRestriction,
  "key-auth": async () => (await import("./plugins/key-auth.ts")).keyAuth,
  "rate-limiting": async () => (await import("./plugins/rate-limiting.ts")).rateLimiting,
  "request-size-limiting": async () => (await import("./plugins/request-size-limiting.ts")).requestSizeLimiting,
  "request-termination": async () => (await import("./plugins/request-termination.ts")).requestTermination,
};

/** Pure and small: not worth a file of their own at start. */
export const providers: Readonly<Record<string, ProviderDriver>> = {
  openai: openaiProvider,
  mistral: mistralProvider,
  azure: azureProvider,
  anthropic: anthropicProvider,
  bedrock: bedrockProvider,
  cohere: cohereProvider,
  gemini: geminiProvider,
  ollama: ollamaProvider,
  llama2: llama2Provider,
  ...vendorProviders,
};

export const balancers: Readonly<Record<string, BalancerDefinition>> = {
  "round-robin": roundRobin,
  "consistent-hashing": consistentHashing,
  "least-connections": leastConnections,
  "lowest-usage": lowestUsage,
  "lowest-latency": lowestLatency,
  priority,
  semantic,
};

export const embedders: Readonly<Record<string, Lazy<EmbedderDefinition>>> = {
  openai: async () => (await import("./embeddings/embedders/openai.ts")).openaiEmbedder,
  mistral: async () => (await import("./embeddings/embedders/mistral.ts")).mistralEmbedder,
  azure: async () => (await import("./embeddings/embedders/azure.ts")).azureEmbedder,
  gemini: async () => (await import("./embeddings/embedders/gemini.ts")).geminiEmbedder,
  bedrock: async () => (await import("./embeddings/embedders/bedrock.ts")).bedrockEmbedder,
  huggingface: async () => (await import("./embeddings/embedders/huggingface.ts")).huggingfaceEmbedder,
  ollama: async () => (await import("./embeddings/embedders/ollama.ts")).ollamaEmbedder,
  local: async () => (await import("./embeddings/embedders/local/local.ts")).localEmbedder,
};

export const vectorStores: Readonly<Record<string, Lazy<VectorStoreDefinition>>> = {
  memory: async () => (await import("./vectors/stores/memory.ts")).memoryVectorStore,
  redis: async () => (await import("./vectors/stores/redis.ts")).redisVectorStore,
  pgvector: async () => (await import("./vectors/stores/pgvector.ts")).pgvectorStore,
};

export const vaults: Readonly<Record<string, Lazy<VaultDefinition>>> = {
  env: async () => (await import("./secrets/vaults/env.ts")).envVault,
  hcv: async () => (await import("./secrets/vaults/hcv.ts")).hcvVault,
  file: async () => (await import("./secrets/vaults/file.ts")).fileVault,
};

/** What validation asks of each plugin beyond its schema. */
export const pluginChecks: ReadonlyMap<string, LoadPluginCheck> = new Map(
  Object.entries(plugins).map(([name, load]) => [
    name,
    async () => {
      const definition = await load();
      return (config, context) => definition.check?.(config, context) ?? [];
    },
  ]),
);
