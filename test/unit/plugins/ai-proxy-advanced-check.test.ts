import { describe, expect, it } from "vitest";
import { fillDefaults } from "../../../src/config/defaults.ts";
import { configSchema } from "../../../src/config/schemas.ts";
import type { AiProxyAdvancedConfig } from "../../../src/config/types.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { checkAiProxyAdvanced } from "../../../src/plugins/ai-proxy-advanced/check.ts";

const auth = { header_name: "Authorization", header_value: "{vault://env/key}" };
const embeddings = { model: { provider: "openai", name: "text-embedding-3-small" }, auth };
const vectordb = { strategy: "memory", dimensions: 1536, distance_metric: "cosine", threshold: 0.8 };
const openai = {
  route_type: "llm/v1/chat",
  model: { provider: "openai", name: "gpt-4o" },
  auth,
  description: "mathematics",
};
const rest = { ...openai, description: "CATCHALL" };
const whole = { balancer: { algorithm: "semantic" }, embeddings, vectordb, targets: [openai, rest] };

/** What is found, as `severity code at`. */
function check(config: JsonObject): readonly string[] {
  const filled = fillDefaults(config, configSchema("plugins", "ai-proxy-advanced")) as unknown as AiProxyAdvancedConfig;
  const findings = checkAiProxyAdvanced(filled, { vaultPrefixes: new Set(["env"]) });
  return findings.map(({ severity, code, at }) => `${severity} ${code} ${at}`);
}

const withTarget = (change: JsonObject): JsonObject => ({ ...whole, targets: [{ ...openai, ...change }, rest] });
const withModel = (model: JsonObject): JsonObject => withTarget({ model });

describe("checkAiProxyAdvanced", () => {
  it("finds nothing in a configuration that gw runs", () => {
    expect(check(whole)).toEqual([]);
    expect(
      check({ ...whole, response_streaming: "always", max_request_body_size: 0, model_name_header: false }),
    ).toEqual([]);
  });

  it.each(["round-robin", "consistent-hashing", "least-connections", "lowest-usage", "lowest-latency", "priority"])(
    "runs the algorithm %s, and asks nothing of semantic for it",
    (algorithm) => {
      const { description: _, ...bare } = openai;
      expect(check({ balancer: { algorithm, max_fails: 3 }, targets: [bare] })).toEqual([]);
      expect(check({ balancer: { algorithm }, targets: [rest] })).toEqual(["warning no-effect targets.0.description"]);
    },
  );

  it("refuses llm-accuracy", () => {
    const balancer = { algorithm: "lowest-usage", tokens_count_strategy: "llm-accuracy" };
    expect(check({ balancer, targets: [openai] })).toEqual(["error not-supported balancer.tokens_count_strategy"]);
  });

  it("asks for both prices of every target where cost decides, and says where one alone does nothing", () => {
    const balancer = { algorithm: "lowest-usage", tokens_count_strategy: "cost" };
    const priced = (options: JsonObject): JsonObject => ({
      ...openai,
      model: { ...openai.model, options },
      logging: { log_statistics: true },
    });
    const both = priced({ input_cost: 1, output_cost: 2 });
    expect(check({ balancer, targets: [both, priced({ input_cost: 1 })] })).toEqual([
      "error missing-option targets.1.model.options.output_cost",
    ]);
    expect(check({ balancer: { algorithm: "lowest-usage" }, targets: [both, priced({ input_cost: 1 })] })).toEqual([
      "warning no-effect targets.1.model.options.input_cost",
    ]);
  });

  it("warns of statuses that fail over only with non_idempotent", () => {
    const balancer = (...failover_criteria: string[]) => ({ algorithm: "semantic", failover_criteria });
    expect(check({ ...whole, balancer: balancer("error", "http_429") })).toEqual([
      "warning no-effect balancer.failover_criteria",
    ]);
    expect(check({ ...whole, balancer: balancer("error", "http_429", "non_idempotent") })).toEqual([]);
    expect(check({ ...whole, balancer: balancer("error", "timeout") })).toEqual([]);
  });

  it("lets targets share a description", () => {
    expect(check({ ...whole, targets: [openai, openai, rest] })).toEqual([]);
    expect(check({ ...whole, targets: [openai, rest, rest] })).toEqual([
      "warning catchall-repeated targets.2.description",
    ]);
  });

  it("names each part that semantic lacks", () => {
    const { description: _, ...bare } = openai;
    expect(check({ balancer: whole.balancer, targets: [bare, rest] })).toEqual([
      "error semantic-incomplete embeddings",
      "error semantic-incomplete vectordb",
      "error semantic-incomplete targets.0.description",
    ]);
  });

  it.each([
    ["openai", []],
    ["mistral", ["error missing-option targets.0.model.options.mistral_format"]],
    [
      "llama2",
      [
        "error missing-option targets.0.model.options.llama2_format",
        "error missing-option targets.0.model.options.upstream_url",
      ],
    ],
    ["anthropic", ["error missing-option targets.0.model.options.anthropic_version"]],
    ["xai", []],
    ["gemini", []],
    ["cohere", []],
    ["ollama", ["error missing-option targets.0.model.options.upstream_url"]],
    ["bedrock", ["error missing-option targets.0.model.options.bedrock.aws_region"]],
  ])("provider %s without options", (provider, expected) => {
    expect(check(withModel({ provider, name: "m" }))).toEqual(expected);
  });

  it("takes Bedrock's own format for Bedrock only", () => {
    const options = { bedrock: { aws_region: "eu-west-1" } };
    const config = { ...withModel({ provider: "bedrock", name: "m", options }), llm_format: "bedrock" };
    expect(check(config)).toEqual(["error option-conflict targets.1.model.provider"]);
  });

  it("takes Azure's API version from its default", () => {
    const options = { azure_instance: "a", azure_deployment_id: "b" };
    expect(check(withModel({ provider: "azure", name: "m", options }))).toEqual([]);
  });

  it.each([
    [{ acls: { deny: [{ match: [{ type: "ip", values: ["10.0.0.1"] }] }] } }, "error not-supported acls"],
    [{ genai_category: "audio/speech" }, "error not-supported genai_category"],
    [{ genai_category: "text/embeddings" }, "error option-conflict genai_category"],
    [{ llm_format: "anthropic" }, undefined],
    [{ gw: { rule: "contrast" } }, undefined],
    [{ gw: { refresh_on_401: true } }, undefined],
    [{ gw: { refresh_on_401: false } }, undefined],
    [{ gw: { deadline_ms: 1 } }, undefined],
    [{ balancer: { algorithm: "semantic", max_fails: 1 } }, undefined],
  ])("says what it does not honour in %j", (change, expected) => {
    expect(check({ ...whole, ...(change as JsonObject) })).toEqual(expected === undefined ? [] : [expected]);
  });

  it.each([
    [-0.01, ["error threshold-range vectordb.threshold"]],
    [0, []],
    [0.84, []],
    [0.85, ["warning threshold-similarity vectordb.threshold"]],
    [1, ["warning threshold-similarity vectordb.threshold"]],
    [1.01, ["warning threshold-range vectordb.threshold"]],
    [2, ["warning threshold-range vectordb.threshold"]],
    [2.01, ["error threshold-range vectordb.threshold"]],
  ])("cosine threshold %d", (threshold, expected) => {
    expect(check({ ...whole, vectordb: { ...vectordb, threshold } })).toEqual(expected);
  });

  it("knows no largest euclidean distance, and looks at the thresholds of targets too", () => {
    const euclidean = { ...vectordb, distance_metric: "euclidean", threshold: 3 };
    expect(check({ ...whole, vectordb: euclidean })).toEqual([]);
    expect(check(withTarget({ gw: { threshold: 3 } }))).toEqual(["error threshold-range targets.0.gw.threshold"]);
  });

  it.each([
    ["openai", "text-embedding-3-small", 1537, true],
    ["openai", "text-embedding-3-small", 256, false],
    ["openai", "text-embedding-ada-002", 1535, true],
    ["openai", "a-model-of-tomorrow", 5000, false],
    ["mistral", "mistral-embed", 1536, true],
    ["local", "universal-sentence-encoder-lite", 511, true],
    ["local", "universal-sentence-encoder-lite", 512, false],
  ])("%s %s with %d dimensions", (provider, name, dimensions, isWrong) => {
    const found = check({ ...whole, embeddings: { model: { provider, name } }, vectordb: { ...vectordb, dimensions } });
    expect(found).toEqual(isWrong ? ["error option-conflict vectordb.dimensions"] : []);
  });

  it("leaves the vector length of a model behind another URL to its server", () => {
    const model = {
      provider: "openai",
      name: "text-embedding-3-small",
      options: { upstream_url: "http://127.0.0.1/embed" },
    };
    expect(check({ ...whole, embeddings: { model }, vectordb: { ...vectordb, dimensions: 5000 } })).toEqual([]);
  });
});
