import { createHash } from "node:crypto";
import { contrastRule } from "../../balancer/contrast/contrast.ts";
import { headRule } from "../../balancer/head/head.ts";
import type { ScoringRule } from "../../balancer/scoring.ts";
import { SemanticIndex, type TargetText } from "../../balancer/semantic-index.ts";
import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import { BugError } from "../../core/errors.ts";
import { type JsonObject, isJsonObject } from "../../core/json.ts";
import { Secret } from "../../core/secret.ts";
import { EmbeddingCache } from "../../embeddings/cache.ts";
import type { Embedder, EmbedderAuth, EmbedderSettings } from "../../embeddings/embedder.ts";
import { isReference } from "../../secrets/reference.ts";
import type { DistanceMetric, IndexSpec, VectorStore } from "../../vectors/store.ts";
import type { PluginServices } from "../plugin.ts";
import type { CompiledTarget } from "./compile.ts";
import { compileCredentials, type Credential } from "./credentials.ts";
import { embedderAuth } from "./embedder-auth.ts";

type EmbeddingsConfig = NonNullable<AiProxyAdvancedConfig["embeddings"]>;
type VectordbConfig = NonNullable<AiProxyAdvancedConfig["vectordb"]>;

const LOCAL_MODEL = "universal-sentence-encoder-lite";
const LOCAL_DIMENSIONS = 512;

/** What comparing texts needs, opened together and closed together. */
export interface SemanticParts {
  readonly index: SemanticIndex;
  /** The same targets by the local model, under `gw.on_embedding_failure: local`. Embedded when it is first needed. */
  readonly fallback: SemanticIndex | undefined;
  readonly embedder: Embedder;
  readonly store: VectorStore;
  /** Of the index in `store`. */
  readonly spec: IndexSpec;
  readonly credentials: readonly Credential[];
  /** As gw.head names it. */
  readonly modelName: string;
  readonly metric: DistanceMetric;
  close(): Promise<void>;
}

/** undefined when no target has a description to compare with. Throws GwError when the embedder or the store cannot be set up. */
export async function openSemanticParts(
  config: AiProxyAdvancedConfig,
  targets: readonly CompiledTarget[],
  services: PluginServices,
): Promise<SemanticParts | undefined> {
  const compared = targets.filter((target) => !target.isCatchall);
  const { embeddings, vectordb } = config;
  if (compared.length === 0 || embeddings === undefined || vectordb === undefined) return undefined;
  const isRenewed = config.gw.refresh_on_401 ?? true;
  const { secrets, notify } = services;
  const scheme = config.gw.auth_scheme;
  const credentials = compileCredentials(embeddings.auth, { secrets, notify, scheme, isRenewed });
  const auth = embedderAuth(embeddings, credentials, services, isRenewed);
  const embedder = await openEmbedder(embeddings, vectordb, auth, services);
  const shared = { config, compared, vectordb, services };
  const main = await openIndex(shared, { embedder, model: embeddings.model, strategy: vectordb.strategy });
  const local = await openFallback(shared, embeddings);
  return {
    index: main.index,
    fallback: local?.index,
    embedder,
    store: main.store,
    spec: main.spec,
    credentials,
    modelName: nameOf(embeddings.model),
    metric: vectordb.distance_metric,
    async close() {
      await Promise.all([main.close(), local?.close()]);
    },
  };
}

interface Shared {
  readonly config: AiProxyAdvancedConfig;
  readonly compared: readonly CompiledTarget[];
  readonly vectordb: VectordbConfig;
  readonly services: PluginServices;
}

interface IndexParts {
  readonly embedder: Embedder;
  readonly model: EmbeddingsConfig["model"];
  readonly strategy: string;
}

interface OpenIndex extends Pick<SemanticParts, "store" | "spec"> {
  readonly index: SemanticIndex;
  close(): Promise<void>;
}

async function openIndex(shared: Shared, { embedder, model, strategy }: IndexParts): Promise<OpenIndex> {
  const { config, compared, vectordb, services } = shared;
  const texts = compared.flatMap(({ index, description, examples }): TargetText[] =>
    [description, ...examples].map((text) => ({ index, text })),
  );
  const [store, copy] = await Promise.all([
    openStore(strategy, connectionOf(vectordb, strategy), services),
    openStore("memory", {}, services),
  ]);
  const spec = indexSpec(model, vectordb, texts, services.pluginId);
  const index = new SemanticIndex({
    texts,
    rule: scoringRule(config, compared, model),
    spec,
    embedder,
    cache: new EmbeddingCache(embedder),
    store,
    copy,
    timeoutMs: config.gw.embedding_timeout_ms,
    clock: services.clock,
    notify: services.notify,
  });
  return {
    index,
    store,
    spec,
    async close() {
      index.close();
      await Promise.all([embedder.close(), store.close(), copy.close()]);
    },
  };
}

/** In memory, of the local model's own length: nothing of it depends on what may be away. */
async function openFallback(shared: Shared, { model }: EmbeddingsConfig): Promise<OpenIndex | undefined> {
  const { config, services } = shared;
  if (config.gw.on_embedding_failure !== "local" || model.provider === "local") return undefined;
  const embeddings = { model: { provider: "local", name: LOCAL_MODEL } } as const;
  const vectordb = { ...shared.vectordb, dimensions: LOCAL_DIMENSIONS };
  const embedder = await openEmbedder(embeddings, vectordb, {}, services);
  return await openIndex({ ...shared, vectordb }, { embedder, model: embeddings.model, strategy: "memory" });
}

function scoringRule(
  config: AiProxyAdvancedConfig,
  compared: readonly CompiledTarget[],
  model: EmbeddingsConfig["model"],
): ScoringRule | undefined {
  if (ruleOf(config) === "literal") return undefined;
  const contrast = contrastRule(compared);
  const { head } = config.gw;
  // The local model that stands in for another has vectors of its own.
  return head?.embedding === nameOf(model) ? headRule(contrast, head, compared) : contrast;
}

/** Kong's rule for embeddings that Kong has too. */
export function ruleOf({ gw, embeddings }: AiProxyAdvancedConfig): "literal" | "contrast" {
  return gw.rule ?? (embeddings?.model.provider === "local" ? "contrast" : "literal");
}

async function openEmbedder(
  { model }: EmbeddingsConfig,
  { dimensions }: VectordbConfig,
  auth: EmbedderAuth,
  services: PluginServices,
): Promise<Embedder> {
  const definition = await services.embedder(model.provider);
  if (definition === undefined) throw new BugError(`embeddings.model.provider "${model.provider}" is not known.`);
  const { options } = model;
  const upstreamUrl = options?.upstream_url;
  const settings: EmbedderSettings = {
    provider: model.provider,
    model: model.name,
    dimensions,
    ...(upstreamUrl === undefined ? {} : { upstreamUrl }),
    ...(isJsonObject(options) ? { options } : {}),
    auth,
  };
  return await definition.create(settings, { upstream: services.upstream, notify: services.notify });
}

async function openStore(strategy: string, connection: JsonObject, services: PluginServices): Promise<VectorStore> {
  const definition = await services.vectorStore(strategy);
  if (definition === undefined) throw new BugError(`vectordb.strategy "${strategy}" is not known.`);
  const resolve = async (value: string, options: { readonly signal: AbortSignal }): Promise<Secret> =>
    isReference(value) ? await services.secrets.resolve(value, options) : new Secret(value);
  return await definition.create({ strategy, connection, resolve }, { notify: services.notify });
}

function nameOf({ provider, name }: EmbeddingsConfig["model"]): string {
  return `${provider}/${name}`;
}

function connectionOf(vectordb: VectordbConfig, strategy: string): JsonObject {
  const connection: unknown = Object.entries(vectordb).find(([name]) => name === strategy)?.[1];
  return isJsonObject(connection) ? connection : {};
}

/** The texts are part of it: a changed description never meets an old vector. */
function indexSpec(
  model: EmbeddingsConfig["model"],
  vectordb: VectordbConfig,
  texts: readonly TargetText[],
  owner: string,
): IndexSpec {
  const { dimensions, distance_metric: metric } = vectordb;
  const identity = [model.provider, model.name, model.options ?? null, dimensions, metric, texts];
  const fingerprint = createHash("sha256").update(JSON.stringify(identity)).digest("hex").slice(0, 16);
  return { owner, fingerprint, dimensions, metric };
}
