import { afterAll, beforeAll, expect, it } from "vitest";
import { startFakeVendors } from "../support/fake-embeddings.ts";
import { type FakeUpstream, startFakeUpstream } from "../support/fake-upstream.ts";
import { expectNoSecretHeard, markSecret } from "../support/secrecy.ts";
import { serveYaml } from "../support/serve-yaml.ts";
import { isSignedBy } from "../support/verify-signature.ts";

const secretKey = markSecret("the secret key", "planted/aws+secret=key-4Z");
let vendor: FakeUpstream;
let provider: FakeUpstream;

beforeAll(async () => {
  vendor = await startFakeVendors(8);
  const choices = [{ index: 0, message: { role: "assistant", content: "ok" }, finish_reason: "stop" }];
  const answer = JSON.stringify({ id: "x", object: "chat.completion", model: "m", choices });
  provider = await startFakeUpstream({
    reply: (request) => request.answer(200, { "content-type": "application/json" }, answer),
  });
});
afterAll(async () => {
  await vendor.close();
  await provider.close();
});

it("embeds on Bedrock with requests that are signed by keys from a vault", async () => {
  const environment = { AWS_KEY: secretKey, AWS_ID: "AKIDEXAMPLE" };
  const target = (name: string, description: string): string => `        - route_type: llm/v1/chat
          model: { provider: openai, name: ${name}, options: { upstream_url: "${provider.origin}/v1/chat/completions" } }
          description: ${description}`;
  const gateway = await serveYaml(
    `
services:
  - name: ai
    url: http://example.test
    routes: [{ name: chat, paths: [/chat] }]
plugins:
  - name: ai-proxy-advanced
    config:
      balancer: { algorithm: semantic }
      embeddings:
        auth: { aws_access_key_id: "{vault://env/aws-id}", aws_secret_access_key: "{vault://env/aws-key}" }
        model:
          provider: bedrock
          name: amazon.titan-embed-text-v2:0
          options: { upstream_url: "${vendor.origin}", bedrock: { aws_region: eu-west-1 } }
      vectordb: { strategy: memory, dimensions: 8, distance_metric: cosine, threshold: 0.8 }
      targets:
${target("coder", "programming")}
${target("rest", "CATCHALL")}`,
    environment,
  );
  const response = await fetch(`http://127.0.0.1:${gateway.port}/chat`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ messages: [{ role: "user", content: "programming" }] }),
  });
  await response.arrayBuffer();
  expect(response.headers.get("x-kong-llm-model")).toBe("openai/coder");
  expect(response.headers.get("x-gw-warnings")).toBeNull();
  expect(vendor.requests.length).toBeGreaterThan(0);
  for (const request of vendor.requests) {
    expect(request.path).toBe("/model/amazon.titan-embed-text-v2%3A0/invoke");
    expect(request.headers["authorization"]).toContain("Credential=AKIDEXAMPLE/");
    expect(request.headers["authorization"]).toContain("/eu-west-1/bedrock/aws4_request");
    expect(isSignedBy(secretKey, request)).toBe(true);
  }
  await gateway.close();
  expectNoSecretHeard();
});
