import { createHash } from "node:crypto";
import type { TargetView, TokenPrices } from "../../balancer/balancer.ts";
import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import { BugError } from "../../core/errors.ts";
import { isJsonObject, type JsonObject } from "../../core/json.ts";
import type { Front } from "../../llm/front.ts";
import { frontFor } from "../../llm/fronts/front-for.ts";
import type { ProviderDriver } from "../../llm/provider.ts";
import { type Way, wayBetween } from "../../llm/way.ts";
import type { UpstreamTimeouts } from "../../upstream/upstream.ts";
import type { PluginServices } from "../plugin.ts";
import { compileCloudCredential } from "./cloud-credential.ts";
import { compileCredentials } from "./credentials.ts";
import type { TargetCredential } from "./target-credential.ts";
import { type ConfiguredTarget, type FilledTarget, prepareTarget } from "./prepare-target.ts";

type Target = AiProxyAdvancedConfig["targets"][number];

/** A target with all that needs no request to be known. */
export interface CompiledTarget extends TargetView, FilledTarget {
  readonly description: string;
  /** `gw.examples`. */
  readonly examples: readonly string[];
  readonly alias: string | undefined;
  readonly driver: ProviderDriver;
  readonly target: ConfiguredTarget;
  readonly way: Way;
  readonly credentials: readonly TargetCredential[];
  /** A client's own credential in the same place wins. */
  readonly allowOverride: boolean;
  readonly logStatistics: boolean;
  /** Who the target is, from reload to reload: what was measured of it stays with it. Holds no secret. */
  readonly identity: string;
  /** undefined unless both are configured. */
  readonly prices: TokenPrices | undefined;
}

/** When a failed attempt moves on: `balancer.failover_criteria` and `balancer.retries`. */
export interface FailoverRules {
  readonly criteria: ReadonlySet<string>;
  readonly maxAttempts: number;
}

export interface CompiledConfig {
  readonly front: Front;
  readonly targets: readonly CompiledTarget[];
  readonly failover: FailoverRules;
  readonly timeouts: UpstreamTimeouts;
  /** A stream's body has a guard of its own (stall-guard.ts). */
  readonly streamTimeouts: UpstreamTimeouts;
  /** `gw.deadline_ms`. */
  readonly deadlineMs: number | undefined;
}

const CATCHALL = "CATCHALL";

/** Throws ConfigError when a target's endpoint cannot be told. */
export function compileConfig(config: AiProxyAdvancedConfig, services: PluginServices): CompiledConfig {
  const { balancer } = config;
  const front = frontFor(config);
  if (front === undefined) throw new BugError("The plugin has an llm_format or route_type that gw does not run.");
  const { connect_timeout: connectMs, write_timeout: writeMs, read_timeout: readMs } = balancer;
  return {
    front,
    targets: config.targets.map((_, index) => compileTarget(config, index, services, front)),
    failover: { criteria: new Set<string>(balancer.failover_criteria), maxAttempts: balancer.retries + 1 },
    // As nginx: read_timeout is the time between two reads, the first of which is the head.
    timeouts: { connectMs, writeMs, headMs: readMs, idleMs: readMs },
    streamTimeouts: { connectMs, writeMs, headMs: readMs, idleMs: 0 },
    deadlineMs: config.gw.deadline_ms,
  };
}

function compileTarget(
  config: AiProxyAdvancedConfig,
  index: number,
  services: PluginServices,
  front: Front,
): CompiledTarget {
  const target = config.targets[index];
  const driver = target === undefined ? undefined : services.provider(target.model.provider);
  if (target === undefined || driver === undefined)
    throw new BugError(`targets[${index}] has a provider that gw does not know.`);
  const { model, auth, description = "", gw } = target;
  const options = isJsonObject(model.options) ? model.options : {};
  const way = wayBetween(front, driver, options);
  if (way === undefined) throw new BugError(`targets[${index}] does not take ${front.serves}.`);
  const configured: ConfiguredTarget = {
    provider: model.provider,
    model: model.name,
    options,
    clientParams: gw.client_params,
    operation: way.operation,
  };
  const prepared = prepareTarget(driver, configured);
  return {
    index,
    weight: target.weight,
    description,
    examples: gw.examples ?? [],
    isCatchall: description === CATCHALL,
    threshold: gw.threshold ?? config.vectordb?.threshold ?? Number.POSITIVE_INFINITY,
    alias: model.model_alias,
    driver,
    target: configured,
    ...prepared,
    way,
    credentials: credentialsOf(target, config.gw, services),
    allowOverride: auth?.allow_override ?? false,
    logStatistics: target.logging.log_statistics,
    identity: identify([model.provider, model.name, prepared.endpoint ?? options, auth]),
    prices: pricesOf(options),
  };
}

function credentialsOf(
  target: Target,
  { auth_scheme: scheme, refresh_on_401: isRenewedByDefault = true }: AiProxyAdvancedConfig["gw"],
  { secrets, notify, cloud, clock }: PluginServices,
): readonly TargetCredential[] {
  const isRenewed = target.gw.refresh_on_401 ?? isRenewedByDefault;
  return [
    ...compileCredentials(target.auth, { secrets, notify, scheme, isRenewed }),
    ...compileCloudCredential(target, { cloud, clock, isRenewed }),
  ];
}

/** A digest, because `auth` may hold a key in plain text. */
function identify(parts: readonly unknown[]): string {
  return createHash("sha256").update(JSON.stringify(parts)).digest("base64url");
}

function pricesOf({ input_cost: input, output_cost: output }: JsonObject): TokenPrices | undefined {
  return typeof input === "number" && typeof output === "number" ? { input, output } : undefined;
}
