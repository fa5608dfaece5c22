import type { AiProxyConfig } from "../../config/types.ts";
import { checkAiProxyAdvanced } from "../ai-proxy-advanced/check.ts";
import { definePlugin } from "../plugin.ts";
import { toAdvanced } from "./to-advanced.ts";

/** Kong's "AI Proxy": one model. It is "AI Proxy Advanced" with one target. */
export const aiProxy = definePlugin<AiProxyConfig>({
  name: "ai-proxy",
  priority: 770,
  check: (config, context) =>
    checkAiProxyAdvanced(toAdvanced(config), context).map((finding) => ({
      ...finding,
      at: finding.at.replace(/^targets\.0\.?/, ""),
    })),
  create: async (config, services) => {
    const { createAiProxyAdvanced } = await import("../ai-proxy-advanced/create.ts");
    return await createAiProxyAdvanced(toAdvanced(config), services);
  },
});
