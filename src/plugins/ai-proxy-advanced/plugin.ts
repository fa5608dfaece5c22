import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import type { PluginDefinition } from "../plugin.ts";
import { checkAiProxyAdvanced } from "./check.ts";
import { createAiProxyAdvanced } from "./create.ts";

/** Kong's "AI Proxy Advanced": one endpoint in front of several models, of which each request gets the one that suits it. */
export const aiProxyAdvanced: PluginDefinition = {
  name: "ai-proxy-advanced",
  priority: 770,
  check: (config, context) => checkAiProxyAdvanced(config as unknown as AiProxyAdvancedConfig, context),
  create: (config, services) => createAiProxyAdvanced(config as unknown as AiProxyAdvancedConfig, services),
};
