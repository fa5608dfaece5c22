import { TargetMemories } from "../../src/balancer/memory.ts";
import { balancers, providers } from "../../src/catalogue.ts";
import type { AiProxyAdvancedConfig } from "../../src/config/types.ts";
import { SecretError } from "../../src/core/errors.ts";
import type { Notice } from "../../src/core/notice.ts";
import { Secret } from "../../src/core/secret.ts";
import { createCloudCredentials } from "../../src/credentials/cloud-credentials.ts";
import { createAiProxyAdvanced } from "../../src/plugins/ai-proxy-advanced/create.ts";
import type { Plugin } from "../../src/plugins/plugin.ts";
import { createUpstream } from "../../src/upstream/create-upstream.ts";
import { createFakeClock, type FakeClock } from "./fake-clock.ts";
import { FakeEmbedder, FakeVectorStore } from "./fake-vectors.ts";
import { type PluginServer, servePlugin } from "./plugin-server.ts";

type Target = AiProxyAdvancedConfig["targets"][number];
type Gw = AiProxyAdvancedConfig["gw"];

export function aiAuth(reference: string): NonNullable<Target["auth"]> {
  return {
    header_name: "Authorization",
    header_value: reference,
    allow_override: false,
    azure_use_managed_identity: false,
    gcp_use_service_account: false,
  };
}

/** A target as the loader gives it, with its defaults. */
export function aiTarget(origin: string, fields: Partial<Target> & { readonly name?: string } = {}): Target {
  const { name = "configured", ...others } = fields;
  return {
    route_type: "llm/v1/chat",
    model: {
      provider: "openai",
      name,
      options: { azure_api_version: "2023-05-15", upstream_url: `${origin}/v1/chat/completions` },
    },
    auth: aiAuth("{vault://v/key}"),
    logging: { log_statistics: false, log_payloads: false },
    weight: 100,
    description: "CATCHALL",
    gw: { client_params: false },
    ...others,
  };
}

/** A whole configuration as the loader gives it. */
export function aiConfig(
  targets: readonly Target[],
  fields: Partial<Omit<AiProxyAdvancedConfig, "gw" | "balancer">> & {
    readonly gw?: Partial<Gw>;
    readonly balancer?: Partial<AiProxyAdvancedConfig["balancer"]>;
  } = {},
): AiProxyAdvancedConfig {
  const { gw, balancer, ...others } = fields;
  return {
    targets,
    balancer: {
      algorithm: "semantic",
      retries: 5,
      connect_timeout: 5000,
      write_timeout: 5000,
      read_timeout: 5000,
      slots: 10_000,
      hash_on_header: "X-Kong-LLM-Request-ID",
      latency_strategy: "tpot",
      tokens_count_strategy: "total-tokens",
      failover_criteria: ["error", "timeout"],
      max_fails: 0,
      fail_timeout: 10_000,
      ...balancer,
    },
    embeddings: { model: { provider: "local", name: "axes" } },
    vectordb: { strategy: "memory", dimensions: 3, distance_metric: "cosine", threshold: 0.8 },
    response_streaming: "allow",
    model_name_header: true,
    max_request_body_size: 1 << 20,
    llm_format: "openai",
    genai_category: "text/generation",
    gw: {
      rule: "literal",
      text: "last_user",
      strict_model: false,
      auth_scheme: "bearer",
      embedding_timeout_ms: 2000,
      on_embedding_failure: "catchall",
      debug_header: false,
      ...gw,
    },
    ...others,
  };
}

export interface AiPlugin {
  readonly plugin: Plugin;
  readonly server: PluginServer;
  readonly embedder: FakeEmbedder;
  readonly store: FakeVectorStore;
  readonly secrets: Map<string, string>;
  readonly notices: readonly Notice[];
  readonly clock: FakeClock;
  /** POST of a chat; `content` becomes the user's message. */
  readonly ask: (content: string, fields?: object, headers?: Record<string, string>) => Promise<Response>;
  close(): Promise<void>;
}

export interface AiPluginOptions {
  /** Shared by plugins that follow each other in a reload. */
  readonly targetMemories?: TargetMemories;
  readonly clock?: FakeClock;
  /** Where other servers are dialled. */
  readonly connectTo?: ReadonlyMap<string, URL>;
  /** Besides `{vault://v/key}`, by reference. */
  readonly vault?: Readonly<Record<string, string>>;
  /** Of the process, for what clouds are asked. */
  readonly environment?: Readonly<Record<string, string>>;
}

/** The plugin with a fake embedder, store and vault, served on a real socket and talking to real sockets. */
export async function startAiPlugin(
  config: AiProxyAdvancedConfig,
  {
    targetMemories = new TargetMemories(),
    clock = createFakeClock(),
    connectTo = new Map(),
    environment = {},
    vault = {},
  }: AiPluginOptions = {},
): Promise<AiPlugin> {
  const embedder = new FakeEmbedder();
  const store = new FakeVectorStore();
  const secrets = new Map([["{vault://v/key}", "sk-marked"], ...Object.entries(vault)]);
  const notices: Notice[] = [];
  const upstream = createUpstream({ connectTo });
  const resolved = new Map<string, Secret>();
  const lookup = {
    peek: (reference: string) => resolved.get(reference),
    async resolve(reference: string) {
      const value = secrets.get(reference);
      if (value === undefined) throw new SecretError("GW_SECRET_MISSING", `${reference} is missing`);
      const secret = new Secret(value);
      resolved.set(reference, secret);
      return secret;
    },
    renew: async (reference: string, refused: Secret) => resolved.get(reference) ?? refused,
  };
  const notify = (notice: Notice): number => notices.push(notice);
  const services = { upstream, secrets: lookup, clock, notify };
  const cloud = createCloudCredentials({ ...services, environment, random: () => 0 });
  const plugin = await createAiProxyAdvanced(config, {
    ...services,
    cloud,
    pluginId: "plugin",
    callers: { find: () => undefined, keys: [] },
    keep: (make) => make(),
    targetMemories,
    balancer: (algorithm) => balancers[algorithm],
    provider: (name) => providers[name],
    embedder: async () => ({ name: "local", create: async () => embedder }),
    vectorStore: async (name) => ({
      name,
      create: async () => (name === "memory" && config.vectordb?.strategy !== "memory" ? new FakeVectorStore() : store),
    }),
  });
  await plugin.warm?.(new AbortController().signal);
  const server = await servePlugin(plugin);
  return {
    plugin,
    server,
    embedder,
    store,
    secrets,
    notices,
    clock,
    ask: (content, fields = {}, headers = {}) =>
      fetch(server.origin, {
        method: "POST",
        headers: { "content-type": "application/json", ...headers },
        body: JSON.stringify({ messages: [{ role: "user", content }], ...fields }),
      }),
    async close() {
      await server.close();
      await plugin.close?.();
      cloud.close();
      await upstream.close();
    },
  };
}
