import type { AiProxyAdvancedConfig } from "../../src/config/types.ts";
import { type AiGateway, startAiGateway } from "./ai-gateway.ts";
import { aiConfig, aiTarget } from "./ai-plugin.ts";
import { startAnthropicSimulator } from "./anthropic-simulator.ts";
import type { FakeUpstream } from "./fake-upstream.ts";

export interface ClientGateway {
  readonly origin: string;
  readonly gateway: AiGateway;
  readonly upstream: FakeUpstream;
  close(): Promise<void>;
}

/** A gateway whose one target is Anthropic's API, simulated: everything that a client of another format says and hears is translated. */
export async function startClientGateway(
  fields: Partial<Pick<AiProxyAdvancedConfig, "llm_format">> = {},
): Promise<ClientGateway> {
  const upstream = await startAnthropicSimulator();
  const options = {
    azure_api_version: "",
    anthropic_version: "2023-06-01",
    upstream_url: `${upstream.origin}/v1/messages`,
  };
  const target = aiTarget(upstream.origin, { model: { provider: "anthropic", name: "claude-simulated", options } });
  const gateway = await startAiGateway(aiConfig([target], fields));
  return {
    origin: `http://127.0.0.1:${gateway.port}`,
    gateway,
    upstream,
    async close() {
      await gateway.close();
      await upstream.close();
    },
  };
}
