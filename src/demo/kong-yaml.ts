/**
 * The configuration of `gw demo`: the scenario of the README with three differences, so that it needs no key and no server. The vault is
 * the environment, vectors are kept in memory, and X-GW-Route may be asked for. The references and the targets are the same.
 */
export const demoYaml = `# The demo of gw: as the README's kong.yaml, but with keys from the environment and vectors in memory.
_format_version: "3.0"
vaults:
  - name: env
    prefix: hashicorp-vault
    config:
      prefix: gw-demo-
services:
  - name: example-service
    url: http://httpbin.konghq.com/anything
    routes:
      - name: example-route
        paths:
          - /anything
plugins:
  - name: ai-proxy-advanced
    config:
      gw:
        debug_header: true
      embeddings:
        auth:
          header_name: Authorization
          header_value: "{vault://hashicorp-vault/openai/key}"
        model:
          provider: openai
          name: text-embedding-3-small
      vectordb:
        dimensions: 1536
        distance_metric: cosine
        strategy: memory
        threshold: 0.8
      balancer:
        algorithm: semantic
      targets:
        - route_type: llm/v1/chat
          auth:
            header_name: Authorization
            header_value: "{vault://hashicorp-vault/openai/key}"
          model:
            provider: openai
            name: gpt-3.5-turbo
            options:
              max_tokens: 826
              temperature: 0
              input_cost: 1.0
              output_cost: 2.0
          description: "programming, coding, software development, Python, JavaScript, APIs, debugging"
        - route_type: llm/v1/chat
          auth:
            header_name: Authorization
            header_value: "{vault://hashicorp-vault/openai/key}"
          model:
            provider: openai
            name: gpt-4o
            options:
              max_tokens: 512
              temperature: 0.3
              input_cost: 1.0
              output_cost: 2.0
          description: "mathematics, algebra, calculus, trigonometry, equations, integrals, derivatives, theorems"
        - route_type: llm/v1/chat
          auth:
            header_name: Authorization
            header_value: "{vault://hashicorp-vault/mistral/key}"
          model:
            provider: mistral
            name: mistral-tiny
            options:
              mistral_format: openai
              upstream_url: https://api.mistral.ai/v1/chat/completions
          description: CATCHALL
`;
