import type { AiProxyAdvancedConfig } from "../../src/config/types.ts";
import { startGateway } from "../unit/gateway/start-gateway.ts";
import { makePlugin, makeRoute, makeService } from "../unit/gateway/entities.ts";
import { type AiPlugin, type AiPluginOptions, startAiPlugin } from "./ai-plugin.ts";

export interface AiGateway extends AiPlugin {
  /** Of the gateway. */
  readonly port: number;
}

/** The plugin behind the whole gateway, on real sockets: every path is its route, or `paths`. */
export async function startAiGateway(
  config: AiProxyAdvancedConfig,
  { paths = ["/"], ...options }: AiPluginOptions & { readonly paths?: readonly string[] } = {},
): Promise<AiGateway> {
  const ai = await startAiPlugin(config, options);
  const service = makeService({});
  const route = makeRoute({ paths, service: { id: service.id } });
  const plugin = makePlugin({ name: "ai" });
  const gateway = await startGateway(
    { services: [service], routes: [route], plugins: [plugin] },
    { ai: (exchange, next) => ai.plugin.handle(exchange, next) },
  );
  return {
    ...ai,
    port: gateway.port,
    async close() {
      await gateway.close();
      await ai.close();
    },
  };
}
