import type { TargetView } from "../../balancer/balancer.ts";
import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import { BugError } from "../../core/errors.ts";
import { isJsonObject } from "../../core/json.ts";
import type { ProviderDriver, ProviderTarget } from "../../llm/provider.ts";
import type { UpstreamTimeouts } from "../../upstream/upstream.ts";
import type { PluginServices } from "../plugin.ts";
import { compileCredentials, type Credential } from "./credentials.ts";

/** A target with all that needs no request to be known. */
export interface CompiledTarget extends TargetView {
  readonly description: string;
  readonly alias: string | undefined;
  readonly driver: ProviderDriver;
  readonly target: ProviderTarget;
  readonly credentials: readonly Credential[];
  /** A client's own credential in the same place wins. */
  readonly allowOverride: boolean;
  readonly logStatistics: boolean;
}

/** When a failed attempt moves on: `balancer.failover_criteria` and `balancer.retries`. */
export interface FailoverRules {
  readonly criteria: ReadonlySet<string>;
  readonly maxAttempts: number;
}

export interface CompiledConfig {
  readonly targets: readonly CompiledTarget[];
  readonly failover: FailoverRules;
  readonly timeouts: UpstreamTimeouts;
}

const CATCHALL = "CATCHALL";

/** Throws ConfigError when a target's endpoint cannot be told. */
export function compileConfig(config: AiProxyAdvancedConfig, services: PluginServices): CompiledConfig {
  const { balancer } = config;
  return {
    targets: config.targets.map((_, index) => compileTarget(config, index, services)),
    failover: { criteria: new Set<string>(balancer.failover_criteria), maxAttempts: balancer.retries + 1 },
    // As nginx: read_timeout is the time between two reads, the first of which is the head.
    timeouts: { connectMs: balancer.connect_timeout, headMs: balancer.read_timeout, idleMs: balancer.read_timeout },
  };
}

function compileTarget(config: AiProxyAdvancedConfig, index: number, services: PluginServices): CompiledTarget {
  const target = config.targets[index];
  const driver = target === undefined ? undefined : services.provider(target.model.provider);
  if (target === undefined || driver === undefined)
    throw new BugError(`targets[${index}] has a provider that gw does not know.`);
  const { model, auth, description = "", gw } = target;
  const options = isJsonObject(model.options) ? model.options : {};
  return {
    index,
    description,
    isCatchall: description === CATCHALL,
    threshold: gw.threshold ?? config.vectordb?.threshold ?? Number.POSITIVE_INFINITY,
    alias: model.model_alias,
    driver,
    target: {
      provider: model.provider,
      model: model.name,
      options,
      clientParams: gw.client_params,
      endpoint: driver.endpoint(options, model.name),
    },
    credentials: compileCredentials(auth, {
      secrets: services.secrets,
      notify: services.notify,
      scheme: config.gw.auth_scheme,
    }),
    allowOverride: auth?.allow_override ?? false,
    logStatistics: target.logging.log_statistics,
  };
}
