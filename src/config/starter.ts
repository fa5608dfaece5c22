/** A kong.yaml that validates as it stands: two targets told apart by the prompt, embedded on this machine. */
export function starterConfig(schemaPath: string): string {
  return `# yaml-language-server: $schema=${schemaPath}
_format_version: "3.0"

services:
  - name: chat
    url: http://localhost:32000 # not called: ai-proxy-advanced answers
    routes:
      - name: chat
        paths: [/chat]
        plugins:
          - name: ai-proxy-advanced
            config:
              balancer: { algorithm: semantic }
              embeddings:
                model: { provider: local, name: universal-sentence-encoder-lite }
              vectordb: { strategy: memory, dimensions: 512, distance_metric: cosine, threshold: 0.75 }
              targets:
                - route_type: llm/v1/chat
                  description: Writing, reading and debugging program code
                  model: { provider: openai, name: gpt-4o }
                  auth:
                    header_name: Authorization
                    header_value: "{vault://env/openai-authorization}" # the variable OPENAI_AUTHORIZATION: Bearer sk-...
                - route_type: llm/v1/chat
                  description: CATCHALL
                  model: { provider: openai, name: gpt-4o-mini }
                  auth:
                    header_name: Authorization
                    header_value: "{vault://env/openai-authorization}"
`;
}
