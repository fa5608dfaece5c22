import type { AiProxyAdvancedConfig, ConfigFinding } from "../../config/types.ts";
import { isJsonObject } from "../../core/json.ts";
import { checkTargetAuth } from "./check-auth.ts";
import { usesPrices } from "./check-balancer.ts";
import { isTemplate, templateProblem } from "./template.ts";
import { allOrNone, error, noEffect, notSupported } from "./check-finding.ts";

type Target = AiProxyAdvancedConfig["targets"][number];
type Options = NonNullable<Target["model"]["options"]>;

/** Rules of one target; `at` is its path in the config. */
export function checkTarget(target: Target, at: string, { balancer }: AiProxyAdvancedConfig): readonly ConfigFinding[] {
  return [
    ...checkProvider(target, at),
    ...checkKongRules(target, at),
    ...checkTargetAuth(target, at),
    ...checkTemplates(target, at),
    ...checkUnrun(target, at),
    ...(usesPrices(balancer) ? [] : checkPrices(target, at)),
  ];
}

function checkProvider({ model }: Target, at: string): readonly ConfigFinding[] {
  const { provider, options } = model;
  const findings: ConfigFinding[] = [];
  const refuse = (field: string, what: string, fix: string): void => {
    findings.push(notSupported(`${at}.${field}`, what, fix));
  };
  if (provider === "llama2" && options?.llama2_format === "raw")
    refuse("model.options.llama2_format", "llama2_format raw", "Use llama2_format: openai or ollama.");
  if (provider === "mistral" && options?.mistral_format === "ollama" && options.upstream_url === undefined)
    findings.push(error("missing-option", `${at}.model.options.upstream_url`, selfHosted.message));
  return findings;
}

/** Kong's own rules, with Kong's texts (kong/llm/schemas/init.lua). */
function checkKongRules(target: Target, at: string): readonly ConfigFinding[] {
  const { model, auth, logging, route_type: routeType } = target;
  const { provider, options } = model;
  const findings = (requiredOptions[provider] ?? []).flatMap(({ option, message }) =>
    options?.[option] === undefined ? [error("missing-option", `${at}.model.options.${option}`, message)] : [],
  );
  if ((provider === "bedrock" || provider === "gemini") && auth?.allow_override === true) {
    findings.push(
      error(
        "option-conflict",
        `${at}.auth.allow_override`,
        "bedrock and gemini only support auth.allow_override = false",
      ),
    );
  }
  if (provider === "anthropic" && routeType === "llm/v1/completions" && logging.log_statistics) {
    const message = "anthropic does not support statistics when route_type is llm/v1/completions";
    findings.push(error("option-conflict", `${at}.logging.log_statistics`, message));
  }
  const gemini = ["api_endpoint", "project_id", "location_id"];
  return [
    ...findings,
    ...allOrNone(`${at}.model.options.gemini`, "model.options.gemini", options?.gemini ?? {}, gemini),
  ];
}

const required = (
  option: keyof Options,
  provider: string,
): { readonly option: keyof Options; readonly message: string } => ({
  option,
  message: `must set 'model.options.${option}' for ${provider} provider`,
});
const selfHosted = {
  option: "upstream_url",
  message: "must set 'model.options.upstream_url' for self-hosted providers/models",
} as const;

const requiredOptions: Partial<
  Record<Target["model"]["provider"], readonly { readonly option: keyof Options; readonly message: string }[]>
> = {
  llama2: [required("llama2_format", "llama2"), selfHosted],
  mistral: [required("mistral_format", "mistral")],
  anthropic: [required("anthropic_version", "anthropic")],
  azure: [required("azure_instance", "azure"), required("azure_deployment_id", "azure")],
  vllm: [selfHosted],
  ollama: [selfHosted],
};

/** Hugging Face's router and the second version of Cohere's API no longer have these switches. */
function checkUnrun({ model: { options }, logging }: Target, at: string): readonly ConfigFinding[] {
  const fields = {
    "logging.log_payloads": logging.log_payloads || undefined,
    "model.options.huggingface.use_cache": options?.huggingface?.use_cache,
    "model.options.huggingface.wait_for_model": options?.huggingface?.wait_for_model,
    "model.options.cohere.wait_for_model": options?.cohere?.wait_for_model,
  };
  return Object.entries(fields).flatMap(([field, value]) =>
    value === undefined ? [] : [noEffect(`${at}.${field}`, field.replace(/^(?:logging|model\.options)\./, ""))],
  );
}

/** A signature's region and role are not a client's to choose. */
function checkTemplates({ model }: Target, at: string): readonly ConfigFinding[] {
  const { name = "", options = {} } = model;
  return textsIn({ name, options }).flatMap(([field, text]) => {
    const problem = templateProblem(text);
    if (problem !== undefined) return [error("bad-value", `${at}.model.${field}`, problem)];
    if (!isTemplate(text) || !field.startsWith("options.bedrock.")) return [];
    return [notSupported(`${at}.model.${field}`, `a template in ${field}`, "Write the value itself.")];
  });
}

function textsIn(record: object, prefix = ""): readonly (readonly [field: string, text: string])[] {
  return Object.entries(record).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value === "string") return [[`${prefix}${name}`, value] as const];
    return isJsonObject(value) ? textsIn(value, `${prefix}${name}.`) : [];
  });
}

/** A cost takes both prices. */
function checkPrices({ model, logging }: Target, at: string): readonly ConfigFinding[] {
  const { input_cost: input, output_cost: output } = model.options ?? {};
  if (!logging.log_statistics || (input !== undefined && output !== undefined)) return [];
  const unused = Object.keys(model.options ?? {}).filter((option) => isPrice.test(option));
  const [price] = unused;
  if (price === undefined) return [];
  const what = `${unused.join(", ")} without both input_cost and output_cost`;
  return [noEffect(`${at}.model.options.${price}`, what)];
}

const isPrice = /_cost(?:_list)?$|_factor$/;
