import { localEmbedder } from "../../src/embeddings/embedders/local/local.ts";
import type { Embedder } from "../../src/embeddings/embedder.ts";
import { createUpstream } from "../../src/upstream/create-upstream.ts";

/** The encoder that stands behind simulated providers. */
export async function openLocalEmbedder(): Promise<Embedder> {
  const settings = { provider: "local", model: "universal-sentence-encoder-lite", dimensions: 512 };
  return await localEmbedder.create(settings, { upstream: createUpstream(), notify: () => {} });
}
