import { expect, it, onTestFinished } from "vitest";
import { Secret } from "../../../../src/core/secret.ts";
import type { EmbedderSecret } from "../../../../src/embeddings/embedder.ts";
import { openaiEmbedder } from "../../../../src/embeddings/embedders/openai.ts";
import { createUpstream } from "../../../../src/upstream/create-upstream.ts";
import { startFakeUpstream } from "../../../support/fake-upstream.ts";

const answer = JSON.stringify({ data: [{ index: 0, embedding: [1, 0, 0] }] });

/** Embeds one text with `first`, while the provider takes sk-2 only and the vault has `next`. */
async function embed(next: Secret | undefined, status = 401) {
  const provider = await startFakeUpstream({
    reply: (request) => request.answer(request.headers["authorization"] === "sk-2" ? 200 : status, {}, answer),
  });
  onTestFinished(async () => await provider.close());
  const upstream = createUpstream();
  onTestFinished(async () => await upstream.close());
  const first = new Secret("sk-1");
  const secret: EmbedderSecret = { value: async () => first, renew: async (refused) => next ?? refused };
  const embedder = await openaiEmbedder.create(
    {
      provider: "openai",
      model: "three",
      dimensions: 3,
      upstreamUrl: `${provider.origin}/v1/embeddings`,
      auth: { header: { name: "Authorization", ...secret } },
    },
    { upstream, notify: () => {} },
  );
  const { signal } = new AbortController();
  const outcome = await embedder.embed(["hello"], { signal }).catch((error: unknown) => error);
  return { outcome, keys: provider.requests.map(({ headers }) => headers["authorization"]) };
}

it.each([401, 403])("embeds with the new key when the old one is answered with %i", async (status) => {
  const { outcome, keys } = await embed(new Secret("sk-2"), status);
  expect(keys).toEqual(["sk-1", "sk-2"]);
  expect(outcome).toEqual([new Float32Array([1, 0, 0])]);
});

it("asks once when there is no other key, and once more when that is refused too", async () => {
  expect(await embed(undefined)).toMatchObject({ outcome: { details: { status: 401 } }, keys: ["sk-1"] });
  expect(await embed(new Secret("sk-3"))).toMatchObject({
    outcome: { details: { status: 401 } },
    keys: ["sk-1", "sk-3"],
  });
});
