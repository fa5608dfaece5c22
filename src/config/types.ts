import type { Diagnostic } from "../core/diagnostics.ts";
import type {
  Acl,
  BasicauthCredential,
  CaCertificate,
  Certificate,
  Consumer,
  ConsumerGroup,
  ConsumerGroupConsumer,
  FilterChain,
  HmacauthCredential,
  JwtSecret,
  KeptEntity,
  KeyauthCredential,
  MtlsAuthCredential,
  Oauth2Credential,
  Plugin,
  Route,
  Service,
  Sni,
  Target,
  Upstream,
  Vault,
} from "./generated/entities.ts";
import type { KeptCollection } from "./kept-collections.ts";

export type { CheckContext, ConfigFinding, LoadPluginCheck } from "./plugin-check.ts";
export type * from "./generated/entities.ts";
export type {
  AclConfig,
  CorrelationIdConfig,
  CorsConfig,
  IpRestrictionConfig,
  KeyAuthConfig,
  RateLimitingConfig,
  RequestSizeLimitingConfig,
  RequestTerminationConfig,
} from "./generated/access-plugins.ts";
export type { AiProxyConfig } from "./generated/ai-proxy.ts";
export type { AiProxyAdvancedConfig } from "./generated/ai-proxy-advanced.ts";

/**
 * A whole configuration as plain data: defaults filled, ids given, foreign keys as `{ id }`, nesting flattened. Field names are Kong's
 * (snake_case). Sensitive fields hold a vault reference, a `${{ env … }}` expression, or (linted) plain text; expressions elsewhere are
 * rendered. Lists are sorted by natural key, so equal configurations are equal values.
 */
export interface GatewayConfig extends Readonly<Record<KeptCollection, readonly KeptEntity[]>> {
  readonly services: readonly Service[];
  readonly routes: readonly Route[];
  readonly plugins: readonly Plugin[];
  readonly vaults: readonly Vault[];
  readonly consumers: readonly Consumer[];
  readonly upstreams: readonly Upstream[];
  readonly targets: readonly Target[];
  readonly certificates: readonly Certificate[];
  readonly ca_certificates: readonly CaCertificate[];
  readonly snis: readonly Sni[];
  readonly consumer_groups: readonly ConsumerGroup[];
  readonly consumer_group_consumers: readonly ConsumerGroupConsumer[];
  readonly acls: readonly Acl[];
  readonly keyauth_credentials: readonly KeyauthCredential[];
  readonly basicauth_credentials: readonly BasicauthCredential[];
  readonly hmacauth_credentials: readonly HmacauthCredential[];
  readonly jwt_secrets: readonly JwtSecret[];
  readonly oauth2_credentials: readonly Oauth2Credential[];
  readonly mtls_auth_credentials: readonly MtlsAuthCredential[];
  readonly filter_chains: readonly FilterChain[];
}

export type CollectionName = keyof GatewayConfig;
export type Entity = GatewayConfig[CollectionName][number];

/** Entity id → JSON pointers of the values that came from the environment: shown as `[masked]` in diffs. */
export type Origins = Readonly<Record<string, readonly string[]>>;

export interface LoadedConfig {
  readonly config: GatewayConfig;
  readonly origins: Origins;
  /** Warnings; a configuration with errors is never returned (ConfigError). */
  readonly diagnostics: readonly Diagnostic[];
  /** `_info.select_tags`. */
  readonly selectTags: readonly string[];
  /** Files that were read, in order; `-` is standard input. */
  readonly files: readonly string[];
  /** Ids of the plugins that gw cannot run (`--unknown-plugins=warn`): their routes answer 503. */
  readonly unavailablePlugins: readonly string[];
}
