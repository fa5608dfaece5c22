import type { UpstreamRequest } from "../core/http-message.ts";
import type { JsonObject } from "../core/json.ts";
import type { Secret } from "../core/secret.ts";
import type { ChatTranslator } from "./answer.ts";
import type { ChatRequest } from "./chat.ts";
import type { ClientFormat, Operation } from "./front.ts";

/** What a driver needs to know of a target; made once when the configuration is compiled. */
export interface ProviderTarget {
  readonly provider: string;
  /** Configured `model.name`; undefined means the client's. */
  readonly model: string | undefined;
  readonly options: JsonObject;
  /** `targets[].gw.client_params: true` lets the client's temperature, max_tokens, top_p and top_k win over the configured ones. */
  readonly clientParams: boolean;
  /** Scheme, host, port and path of the endpoint, from `upstream_url` or the provider's default. */
  readonly endpoint: Endpoint;
  /** What the endpoint is for; chat when absent. */
  readonly operation?: Operation;
}

export interface Endpoint {
  readonly origin: string;
  readonly path: string;
}

export interface Built<T> {
  readonly request: T;
  /** What the provider cannot express; shown in X-GW-Warnings and the log. */
  readonly warnings: readonly string[];
}

/** How a credential is put on a request: `targets[].auth`. */
export type CredentialPlace =
  | { readonly in: "header"; readonly name: string }
  | { readonly in: "query"; readonly name: string }
  | { readonly in: "body"; readonly name: string };

/** Pure: no network, file, clock or randomness. One per upstream format. Every entry of the catalogue passes test/contract/provider.contract.ts. */
export interface ProviderDriver {
  readonly name: string;
  /** A query parameter of the endpoint that the client's own replaces. */
  readonly clientQuery?: string;
  /** The URL for a configured target; throws ConfigError when its options do not give one. */
  endpoint(options: JsonObject, model: string | undefined, operation?: Operation): Endpoint;
  /** The request without credentials. Throws RequestError when the call cannot be expressed. */
  buildChat(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest>;
  /** The way back for targets with these options; absent, or undefined, where answers are in OpenAI's format and pass untouched. */
  translator?(options: JsonObject): ChatTranslator | undefined;
  /** For clients that speak the provider's own format, where that is not OpenAI's. */
  readonly native?: NativeFormat;
  authorize(request: UpstreamRequest, place: CredentialPlace, credential: Secret): UpstreamRequest;
}

export interface NativeFormat {
  readonly format: ClientFormat;
  /** The parameter of the query in which clients of the format send their key: it is not for the provider. */
  readonly keyParameter?: string;
  /** The client's own bytes, with a few members set. `call.native` is there. */
  build(call: ChatRequest, target: ProviderTarget): Built<UpstreamRequest>;
}
