import { readFileSync } from "node:fs";
import { seedConfig } from "./prompts.ts";

/** The user's targets and threshold with the local encoder and vectors in memory: nothing of it needs a network or an environment. */
export function localConfig(gw = ""): string {
  const text = readFileSync(seedConfig, "utf8");
  const targets = text.slice(text.indexOf("      targets:"));
  return `_format_version: "3.0"
services:
  - name: example-service
    url: http://example.test
    routes:
      - name: example-route
        paths: [/anything]
plugins:
  - name: ai-proxy-advanced
    config:
      embeddings:
        model:
          provider: local
          name: universal-sentence-encoder-lite
      vectordb:
        dimensions: 512
        distance_metric: cosine
        strategy: memory
        threshold: 0.8
      balancer:
        algorithm: semantic
      gw: {${gw}}
${targets}`.replaceAll(/\{vault:\/\/hashicorp-vault\/(\w+)\/key\}/g, "{vault://env/$1-key}");
}
