import type { AiProxyAdvancedConfig, ConfigFinding } from "../../config/types.ts";
import { isJsonObject } from "../../core/json.ts";
import type { Operation } from "../../llm/front.ts";
import { servesOperation } from "../../llm/operations.ts";
import { error, notSupported } from "./check-finding.ts";

type Target = AiProxyAdvancedConfig["targets"][number];

/** How clients speak, and what they ask for: `llm_format`, `genai_category` and each target's `route_type`. */
export function checkFormat(config: AiProxyAdvancedConfig): readonly ConfigFinding[] {
  const { llm_format: format, targets } = config;
  const findings: ConfigFinding[] = [];
  if (format === "huggingface")
    findings.push(notSupported("llm_format", "llm_format huggingface", "Use openai, which its router speaks."));
  const [first] = targets;
  for (const [index, target] of targets.entries()) {
    const at = `targets.${index}`;
    findings.push(...checkRouteType(target, at, config));
    if (first !== undefined && target.route_type !== first.route_type)
      findings.push(
        notSupported(
          `${at}.route_type`,
          "another route_type than the first target's",
          "Use a plugin for each kind of route.",
        ),
      );
  }
  return [...findings, ...checkCategory(config)];
}

const operations: Readonly<Record<string, Operation>> = {
  "llm/v1/chat": "chat",
  "llm/v1/completions": "completions",
  "llm/v1/embeddings": "embeddings",
  "llm/v1/responses": "responses",
};

function checkRouteType(
  { route_type: routeType, model }: Target,
  at: string,
  { llm_format: format, balancer }: AiProxyAdvancedConfig,
): readonly ConfigFinding[] {
  const operation = operations[routeType];
  if (operation === undefined)
    return [notSupported(`${at}.route_type`, `route_type ${routeType}`, `Use ${Object.keys(operations).join(", ")}.`)];
  const findings: ConfigFinding[] = [];
  if (format !== "openai" && operation !== "chat") {
    const message = "native provider options in llm_format can only be used with the 'llm/v1/chat' route_type";
    findings.push(error("option-conflict", `${at}.route_type`, message));
  }
  // gw translates Anthropic's format; the others pass, as in Kong, to their own provider only.
  if (format !== "openai" && format !== "anthropic" && model.provider !== format) {
    const message = `native llm_format '${format}' can only be used with the '${format}' model.provider`;
    findings.push(error("option-conflict", `${at}.model.provider`, message));
  }
  const { provider } = model;
  const options = isJsonObject(model.options) ? model.options : {};
  const isTranslated = operation === "chat" || operation === "completions";
  if (!isTranslated && !servesOperation(provider, options, operation))
    findings.push(notSupported(`${at}.route_type`, `route_type ${routeType} of the provider ${provider}`));
  if (operation === "embeddings" && balancer.algorithm === "semantic") {
    const message =
      "embeddings of different models cannot be compared with each other: the text must not choose the model";
    findings.push(
      error("option-conflict", `${at}.route_type`, message, "Use another balancer.algorithm, such as priority."),
    );
  }
  return findings;
}

/** Kong's families of route types. */
function checkCategory({ genai_category: category, targets }: AiProxyAdvancedConfig): readonly ConfigFinding[] {
  if (category !== "text/generation" && category !== "text/embeddings")
    return [notSupported("genai_category", `genai_category ${category}`, "Use text/generation or text/embeddings.")];
  const isEmbedding = (target: Target): boolean => target.route_type === "llm/v1/embeddings";
  const suits = targets.every((target) => isEmbedding(target) === (category === "text/embeddings"));
  if (suits) return [];
  const message =
    "genai_category must be text/embeddings for the route_type llm/v1/embeddings, and text/generation for the others";
  return [error("option-conflict", "genai_category", message)];
}
