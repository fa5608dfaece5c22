import type { AiProxyAdvancedConfig, AiProxyConfig } from "../../config/types.ts";

/** The same model as the only target, with the defaults of what ai-proxy has no fields for. */
export function toAdvanced(config: AiProxyConfig): AiProxyAdvancedConfig {
  const { route_type, model, auth, logging, ...shared } = config;
  return {
    ...shared,
    targets: [
      {
        route_type,
        model,
        logging,
        weight: 100,
        gw: { client_params: false },
        ...(auth === undefined ? {} : { auth }),
      },
    ],
    balancer: {
      algorithm: "round-robin",
      retries: 5,
      connect_timeout: 60_000,
      write_timeout: 60_000,
      read_timeout: 60_000,
      slots: 10_000,
      hash_on_header: "X-Kong-LLM-Request-ID",
      latency_strategy: "tpot",
      tokens_count_strategy: "total-tokens",
      failover_criteria: ["error", "timeout"],
      max_fails: 0,
      fail_timeout: 10_000,
    },
    gw: {
      strict_model: false,
      auth_scheme: "bearer",
      embedding_timeout_ms: 2_000,
      on_embedding_failure: "catchall",
      debug_header: false,
    },
  };
}
