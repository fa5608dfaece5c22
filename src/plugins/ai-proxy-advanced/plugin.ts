import type { AiProxyAdvancedConfig } from "../../config/types.ts";
import type { PluginDefinition } from "../plugin.ts";
import { checkAiProxyAdvanced } from "./check.ts";

/** Kong's "AI Proxy Advanced": one endpoint in front of several models, of which each request gets the one that suits it. */
export const aiProxyAdvanced: PluginDefinition = {
  name: "ai-proxy-advanced",
  priority: 770,
  check: (config, context) => checkAiProxyAdvanced(config as unknown as AiProxyAdvancedConfig, context),
  // Loaded when an instance is made: validation needs the rules only.
  create: async (config, services) => {
    const { createAiProxyAdvanced } = await import("./create.ts");
    return await createAiProxyAdvanced(config as unknown as AiProxyAdvancedConfig, services);
  },
};
