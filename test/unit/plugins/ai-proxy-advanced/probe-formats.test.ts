import { expect, test } from "vitest";
import type { AiProxyAdvancedConfig } from "../../../../src/config/types.ts";
import { aiConfig, aiTarget, startAiPlugin } from "../../../support/ai-plugin.ts";

type Config = AiProxyAdvancedConfig;
type Route = Config["targets"][number]["route_type"];

const request = { method: "POST", path: "/any", query: "", rawHeaders: [], header: () => undefined };
const body = Buffer.from('{"messages":[{"role":"user","content":"tea"}]}');

test.each<[Config["llm_format"], Route, "openai" | "anthropic" | "gemini" | "cohere" | "bedrock", string]>([
  ["openai", "llm/v1/chat", "openai", "/v1/chat/completions"],
  ["openai", "llm/v1/completions", "openai", "/v1/completions"],
  ["openai", "llm/v1/completions", "anthropic", "/v1/messages"],
  ["openai", "llm/v1/responses", "openai", "/v1/responses"],
  ["anthropic", "llm/v1/chat", "openai", "/v1/chat/completions"],
  ["anthropic", "llm/v1/chat", "anthropic", "/v1/messages"],
  ["gemini", "llm/v1/chat", "gemini", "/v1beta/models/configured:generateContent"],
  ["cohere", "llm/v1/chat", "cohere", "/v2/chat"],
  ["bedrock", "llm/v1/chat", "bedrock", "/model/configured/converse"],
])("a chat is asked of a route of %s, %s, with a target of %s", async (format, route, provider, path) => {
  const options = {
    azure_api_version: "",
    anthropic_version: "2023-06-01",
    bedrock: { aws_region: "eu-west-1", embeddings_normalize: false },
  };
  const target = aiTarget("", { route_type: route, model: { provider, name: "configured", options } });
  const running = await startAiPlugin(aiConfig([target], { llm_format: format }));
  try {
    const explained = await running.plugin.explain?.({ request, body, signal: new AbortController().signal });
    expect(new URL(explained?.upstream.url ?? "").pathname).toBe(path);
  } finally {
    await running.close();
  }
});
