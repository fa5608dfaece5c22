import type { BalancerDefinition } from "../balancer/balancer.ts";
import type { TargetMemories } from "../balancer/memory.ts";
import type { CheckContext, ConfigFinding } from "../config/types.ts";
import type { Clock } from "../core/clock.ts";
import type { JsonObject } from "../core/json.ts";
import type { CloudCredentials } from "../credentials/cloud-credentials.ts";
import type { Notify } from "../core/notice.ts";
import type { EmbedderDefinition } from "../embeddings/embedder.ts";
import type { ClientFailure } from "../llm/front.ts";
import type { ProviderDriver } from "../llm/provider.ts";
import type { AiTargetState } from "../observability/metrics.ts";
import type { Choice, Explanation } from "./explanation.ts";
import type { Need } from "./need.ts";
import type { SecretLookup } from "../secrets/lookup.ts";
import type { TuningView } from "./tuning.ts";
import type { Upstream } from "../upstream/upstream.ts";
import type { VectorStoreDefinition } from "../vectors/store.ts";

/** The client's request as the gateway read it. Header names keep their case in `rawHeaders`; `header()` ignores it. */
export interface ExchangeRequest {
  readonly method: string;
  /** Normalised (Kong's rules), without the query. */
  readonly path: string;
  /** With the leading `?`, or empty. */
  readonly query: string;
  readonly rawHeaders: readonly string[];
  /** Named groups of the regular expression by which the route was found. */
  readonly captures?: Readonly<Record<string, string>> | undefined;
  header(name: string): string | undefined;
}

/** A consumer, as plugins know it. */
export interface Caller {
  readonly id: string;
  readonly username: string | undefined;
  readonly customId: string | undefined;
  /** Of its `acls`. */
  readonly groups: readonly string[];
}

/** A credential: its digest (key-table.ts), or the vault reference under which it is found. Never the key itself. */
export type ApiKey = { readonly id: string; readonly caller: Caller } & (
  | { readonly reference: string }
  | { readonly reference: undefined; readonly digest: string }
);

/** The consumers of the configuration. */
export interface Callers {
  /** By id, username or custom_id. */
  find(name: string): Caller | undefined;
  readonly keys: readonly ApiKey[];
}

/** Who an authentication plugin found to be calling. */
export interface Identity {
  readonly caller: Caller;
  /** Id of the credential; undefined for the consumer that stands for unknown callers. */
  readonly credential: string | undefined;
}

/** One client request being served. Lives until the answer is complete or the client is gone. */
export interface Exchange {
  /** Sent as X-Kong-Request-Id. */
  readonly id: string;
  /** performance.now() when the head of the request had been read. */
  readonly startedAt: number;
  readonly request: ExchangeRequest;
  readonly route: { readonly id: string; readonly name: string | undefined };
  readonly service: { readonly id: string; readonly name: string | undefined } | undefined;
  readonly scheme: "http" | "https";
  readonly clientAddress: string;
  /** Set by an authentication plugin: what runs after it may be particular to the consumer. */
  identity: Identity | undefined;
  /** Writes the error bodies that the client expects; undefined for Kong's. Set by AI plugins. */
  errorBody: ((failure: ClientFailure) => string) | undefined;
  /** Added to the access-log line under `ai`; snake_case. */
  ai: Record<string, unknown> | undefined;
  /** The client has gone away, or the answer is complete. */
  readonly isOver: boolean;
  /** Calls back once when the client goes away before the answer is complete; at once when it already has. */
  onCancel(listener: () => void): void;
  /** The whole body. Throws RequestError GW_REQUEST_TOO_LARGE beyond `maxBytes` (0: no limit), GW_REQUEST_ABORTED when the client goes away. */
  readBody(maxBytes: number): Promise<Buffer>;
  /** No more of the body than `maxBytes` goes on, wherever it goes: GW_REQUEST_TOO_LARGE. Before the body is read. */
  limitBody(maxBytes: number): void;
  /** Adds a header to whatever answer follows, errors included. */
  addHeader(name: string, value: string): void;
  /** As `addHeader`, and in place of every header of that name that the answer has; undefined: without any. */
  setHeader(name: string, value: string | undefined): void;
  /** What a plain service gets under this name, in place of what the client sent; undefined: nothing. AI targets see neither. */
  setForwarded(name: string, value: string | undefined): void;
  /** Keeps a parameter of the query from a plain service. */
  hideParameter(name: string): void;
  /** Notes that an attempt at an upstream begins now: X-Kong-Upstream-Latency counts from the last one, X-Kong-Proxy-Latency to the first. */
  markAttempt(): void;
  /** Starts the answer: alternating names and values; latency, id and added headers are appended. */
  begin(status: number, headers: readonly string[]): void;
  /** False when the client's buffer is full: wait for `onDrain`. */
  write(chunk: Buffer | string): boolean;
  onDrain(listener: () => void): void;
  end(chunk?: Buffer | string): void;
  /** Cuts the connection: for an answer that has begun and cannot be completed. */
  abort(): void;
}

/** Everything a plugin instance may use; made by cli/wire.ts. */
export interface PluginServices {
  /** Entity id of the instance: owner of its indexes. */
  readonly pluginId: string;
  readonly upstream: Upstream;
  readonly secrets: SecretLookup;
  /** For providers whose cloud knows who gw is. */
  readonly cloud: CloudCredentials;
  readonly clock: Clock;
  readonly notify: Notify;
  readonly callers: Callers;
  /** What the instance has made under its id before, else what `make` gives: it outlives reloads. */
  keep<T>(make: () => T): T;
  /** Shared by all runtimes: what is known of targets outlives a reload. */
  readonly targetMemories: TargetMemories;
  balancer(algorithm: string): BalancerDefinition | undefined;
  provider(name: string): ProviderDriver | undefined;
  embedder(provider: string): Promise<EmbedderDefinition> | undefined;
  vectorStore(strategy: string): Promise<VectorStoreDefinition> | undefined;
}

/** What `gw test-route` and `gw eval` ask: a request that is not sent. */
export interface Probe {
  readonly request: ExchangeRequest;
  readonly body: Buffer;
  readonly signal: AbortSignal;
}

export interface Plugin {
  /** Answers through `exchange`, or calls `next`. Throws GwError for an answer that gateway/fail.ts writes. */
  handle(exchange: Exchange, next: () => Promise<void>): Promise<void>;
  /** Nobody gets past it without an identity of their own: the routes it covers are not open to everybody. */
  readonly isGuard?: boolean;
  /** The choice that `handle` would make; absent on plugins that choose nothing. */
  explain?(probe: Probe): Promise<Explanation>;
  /** `explain` without the request to the provider, for which it needs no key; on every plugin that explains. */
  choose?(probe: Probe): Promise<Choice>;
  /** For `gw tune`; absent where prompts are not compared with descriptions. */
  readonly tuning?: TuningView;
  /** What it uses outside of gw, but for embedding models (`tuning`) and secrets. */
  needs?(): readonly Need[];
  /** Settles when the instance can serve at its best (descriptions embedded, secrets resolved); rejects never. What is missing is in `problems`. */
  warm?(signal: AbortSignal): Promise<void>;
  /** Why the instance is not ready, empty when it is; shown by /status/ready. */
  problems?(): readonly string[];
  /** How its targets are, for metrics; absent on plugins without. */
  targetStates?(): readonly Omit<AiTargetState, "plugin">[];
  close?(): Promise<void>;
}

export interface PluginDefinition<Config = JsonObject> {
  readonly name: string;
  /** Kong's static priority: higher runs earlier. */
  readonly priority: number;
  /**
   * Rules that a schema cannot say. `config` passed the schema and has its defaults; `at` of a finding is a dotted path inside `config`.
   */
  check?(config: Config, context: CheckContext): readonly ConfigFinding[];
  create(config: Config, services: PluginServices): Promise<Plugin>;
}

/** A definition that reads its config by the type that is generated from its schema: the loader has held the one against the other. */
export function definePlugin<Config>(definition: PluginDefinition<Config>): PluginDefinition {
  return definition as unknown as PluginDefinition;
}
