import type { AiProxyAdvancedConfig, ConfigFinding } from "../../config/types.ts";
import { error, notSupported, warning } from "./check-finding.ts";

type Balancer = AiProxyAdvancedConfig["balancer"];

/** Rules of `balancer`, and what its algorithm makes of the targets. */
export function checkBalancer({ balancer, targets }: AiProxyAdvancedConfig): readonly ConfigFinding[] {
  return [
    ...checkStrategy(balancer),
    ...checkPrices(balancer, targets),
    ...checkCatchall(balancer, targets),
    ...checkCriteria(balancer),
  ];
}

/** Whether `input_cost` and `output_cost` of targets mean something to the balancer. */
export function usesPrices({ algorithm, tokens_count_strategy: strategy }: Balancer): boolean {
  return algorithm === "lowest-usage" && strategy === "cost";
}

function checkStrategy({ tokens_count_strategy: strategy }: Balancer): readonly ConfigFinding[] {
  if (strategy !== "llm-accuracy") return [];
  const fix = "It needs Kong's plugin ai-llm-as-judge. Use total-tokens, prompt-tokens, completion-tokens or cost.";
  return [notSupported("balancer.tokens_count_strategy", "tokens_count_strategy llm-accuracy", fix)];
}

function checkPrices(balancer: Balancer, targets: AiProxyAdvancedConfig["targets"]): readonly ConfigFinding[] {
  if (!usesPrices(balancer)) return [];
  return targets.flatMap(({ model }, index) =>
    (["input_cost", "output_cost"] as const).flatMap((option) => {
      if (model.options?.[option] !== undefined) return [];
      const message = `must set 'model.options.${option}' for tokens_count_strategy cost: without it the target would count as free`;
      return [error("missing-option", `targets.${index}.model.options.${option}`, message)];
    }),
  );
}

function checkCatchall({ algorithm }: Balancer, targets: AiProxyAdvancedConfig["targets"]): readonly ConfigFinding[] {
  if (algorithm === "semantic") return [];
  return targets.flatMap(({ description }, index) => {
    if (description !== "CATCHALL") return [];
    const message = `the description CATCHALL means nothing to the algorithm ${algorithm}: the target is one like the others.`;
    return [warning("no-effect", `targets.${index}.description`, message)];
  });
}

/** The most usual mistake: Kong accepts it silently, and no request ever fails over. */
function checkCriteria({ failover_criteria: criteria }: Balancer): readonly ConfigFinding[] {
  const statuses = criteria.filter((criterion) => criterion.startsWith("http_"));
  if (statuses.length === 0 || criteria.includes("non_idempotent")) return [];
  const message = `${statuses.join(", ")} without non_idempotent: no request moves to another target for it, because chat requests are POSTs and may have been billed.`;
  return [warning("no-effect", "balancer.failover_criteria", message, "Add non_idempotent to failover_criteria.")];
}
