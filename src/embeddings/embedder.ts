import type { UpstreamRequest } from "../core/http-message.ts";
import type { JsonObject } from "../core/json.ts";
import type { Notify } from "../core/notice.ts";
import type { Secret } from "../core/secret.ts";
import type { Upstream } from "../upstream/upstream.ts";

/** Turns texts into vectors. Every entry of the catalogue passes test/contract/embedder.contract.ts. */
export interface Embedder {
  /** The provider: `openai`, `azure`, `local`. */
  readonly name: string;
  readonly model: string;
  /** Length of every vector it returns. */
  readonly dimensions: number;
  /**
   * One vector a text, in order. Rejects with an UpstreamError or ProviderError-like GwError (`GW_EMBEDDING_FAILED`), or with the
   * signal's reason. Never called with an empty list.
   */
  embed(texts: readonly string[], options: { readonly signal: AbortSignal }): Promise<readonly Float32Array[]>;
  close(): Promise<void>;
}

/** `config.embeddings` of a plugin, with the index size it must fit. */
export interface EmbedderSettings {
  readonly provider: string;
  readonly model: string;
  /** `vectordb.dimensions`: asked of models that can shorten their vectors, and the length of what `embed` returns. */
  readonly dimensions: number;
  /** `model.options.upstream_url`: the full URL of the embeddings endpoint. */
  readonly upstreamUrl?: string;
  /** `model.options`: the vendors' own are in blocks named after them. */
  readonly options?: JsonObject;
  readonly auth?: EmbedderAuth;
}

/** The values are secrets until they are written into the request. */
export interface EmbedderAuth {
  readonly header?: NamedEmbedderSecret;
  readonly parameter?: NamedEmbedderSecret & { readonly location: "query" | "body" };
  readonly cloud?: EmbedderCloud;
}

/** Who gw is for the cloud of the provider. */
export interface EmbedderCloud {
  /** The request with a token or a signature. Throws SecretError. */
  authorize(request: UpstreamRequest): Promise<UpstreamRequest>;
  /** After a refusal: whether the next request will be authorized by something else. Rejects never. */
  renew(): Promise<boolean>;
}

export interface EmbedderSecret {
  value(options: { readonly signal: AbortSignal }): Promise<Secret>;
  /** What to send instead of a value that the provider refused: `refused` itself when there is no other. */
  renew?(refused: Secret): Promise<Secret>;
}

export interface NamedEmbedderSecret extends EmbedderSecret {
  /** To be asked for each call where it is itself a reference; rejects as `value` does. */
  readonly name: string | (() => Promise<string>);
}

export interface EmbedderServices {
  readonly upstream: Upstream;
  readonly notify: Notify;
}

export interface EmbedderDefinition {
  readonly name: string;
  /** Throws a GwError GW_CONFIG_INVALID when the settings cannot be met, for example `dimensions` smaller than the model's. */
  create(settings: EmbedderSettings, services: EmbedderServices): Promise<Embedder>;
}
