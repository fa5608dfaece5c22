import { afterAll, beforeAll, expect, it } from "vitest";
import { embedders } from "../../src/catalogue.ts";
import type { EmbedderSettings } from "../../src/embeddings/embedder.ts";
import { createUpstream } from "../../src/upstream/create-upstream.ts";
import { startFakeVendors } from "../support/fake-embeddings.ts";
import type { FakeUpstream } from "../support/fake-upstream.ts";
import { embedderContract } from "./embedder.contract.ts";

const upstream = createUpstream();
let fake: FakeUpstream;

beforeAll(async () => {
  fake = await startFakeVendors(64);
});
afterAll(async () => {
  await upstream.close();
  await fake.close();
});

const at = (path: string) => ({ upstreamUrl: `${fake.origin}${path}` });

const settings: Readonly<Record<string, () => Omit<EmbedderSettings, "provider">>> = {
  openai: () => ({ model: "text-embedding-3-small", dimensions: 64, ...at("/v1/embeddings") }),
  mistral: () => ({ model: "mistral-embed", dimensions: 64, ...at("/v1/embeddings") }),
  azure: () => ({ model: "text-embedding-3-small", dimensions: 64, ...at("/openai/deployments/d/embeddings") }),
  gemini: () => ({ model: "gemini-embedding-001", dimensions: 64, ...at("/v1beta/models/m:batchEmbedContents") }),
  bedrock: () => ({ model: "amazon.titan-embed-text-v2:0", dimensions: 64, ...at("/") }),
  huggingface: () => ({ model: "m", dimensions: 64, ...at("/models/m/pipeline/feature-extraction") }),
  ollama: () => ({ model: "nomic-embed-text", dimensions: 64, ...at("/") }),
  local: () => ({ model: "universal-sentence-encoder-lite", dimensions: 512 }),
};

it("knows settings for every embedder of the catalogue", () => {
  expect(Object.keys(settings)).toEqual(Object.keys(embedders));
});

for (const [provider, load] of Object.entries(embedders)) {
  embedderContract(provider, async () => {
    const definition = await load();
    const own = settings[provider]?.();
    if (own === undefined) throw new Error(`No settings for ${provider}`);
    return await definition.create({ provider, ...own }, { upstream, notify: () => {} });
  });
}
