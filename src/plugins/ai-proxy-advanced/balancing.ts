import type { Balancer, BalancerSettings } from "../../balancer/balancer.ts";
import { Health } from "../../balancer/health.ts";
import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import { BugError, GwError } from "../../core/errors.ts";
import type { ExchangeRequest, PluginServices } from "../plugin.ts";
import type { CompiledTarget } from "./compile.ts";

/** How targets are chosen, and which are out, with what is remembered of them. */
export interface Balancing {
  readonly balancer: Balancer;
  readonly health: Health;
  /** `fallback` is for clients that do not send `hash_on_header`. */
  hashKey(request: ExchangeRequest, fallback: string): string;
  close(): void;
}

export function openBalancing(
  { balancer: config }: AiProxyAdvancedConfig,
  targets: readonly CompiledTarget[],
  services: PluginServices,
): Balancing {
  const definition = services.balancer(config.algorithm);
  if (definition === undefined) throw new BugError(`balancer.algorithm "${config.algorithm}" is not known.`);
  const identities = targets.map(({ identity }) => identity);
  const { memories, close } = services.targetMemories.open(services.pluginId, identities);
  const rules = { maxFails: config.max_fails, failTimeoutMs: config.fail_timeout };
  const hashHeader = config.algorithm === "consistent-hashing" ? config.hash_on_header.toLowerCase() : undefined;
  return {
    balancer: definition.create({
      targets,
      memories,
      slots: config.slots,
      latencyStrategy: config.latency_strategy,
      usageStrategy: usageStrategyOf(config),
      prices: targets.map(({ prices }) => prices),
    }),
    health: new Health(memories, rules, services.clock),
    hashKey: (request, fallback) => (hashHeader === undefined ? undefined : request.header(hashHeader)) ?? fallback,
    close,
  };
}

function usageStrategyOf({
  tokens_count_strategy: strategy,
}: AiProxyAdvancedConfig["balancer"]): BalancerSettings["usageStrategy"] {
  // The check refuses it where it would be used.
  return strategy === "llm-accuracy" ? "total-tokens" : strategy;
}

/** GW_TARGETS_DOWN, and after how many seconds another try makes sense. Kong answers 500. */
export function targetsDown(
  health: Health,
  down: readonly number[],
): { readonly error: GwError; readonly retryAfter: number } {
  const retryAfter = Math.ceil(health.waitMs(down) / 1000);
  const which = down.map((index) => `targets[${index}]`).join(", ");
  const message = `All targets for this request are out after failures or at their provider's request (${which}). Try again in ${retryAfter} s.`;
  return { error: new GwError("GW_TARGETS_DOWN", message, { details: { retry_after: retryAfter } }), retryAfter };
}
