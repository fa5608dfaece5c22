import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EmbedderCloud, EmbedderDefinition, EmbedderSettings } from "../../../../src/embeddings/embedder.ts";
import { azureEmbedder } from "../../../../src/embeddings/embedders/azure.ts";
import { bedrockEmbedder } from "../../../../src/embeddings/embedders/bedrock.ts";
import { geminiEmbedder } from "../../../../src/embeddings/embedders/gemini.ts";
import { huggingfaceEmbedder } from "../../../../src/embeddings/embedders/huggingface.ts";
import { mistralEmbedder } from "../../../../src/embeddings/embedders/mistral.ts";
import { ollamaEmbedder } from "../../../../src/embeddings/embedders/ollama.ts";
import { openaiEmbedder } from "../../../../src/embeddings/embedders/openai.ts";
import type { Upstream } from "../../../../src/upstream/upstream.ts";
import { createUpstream } from "../../../../src/upstream/create-upstream.ts";
import { startFakeVendors, vectorOf } from "../../../support/fake-embeddings.ts";
import { type FakeUpstream, startFakeUpstream } from "../../../support/fake-upstream.ts";

const { signal } = new AbortController();
const upstream = createUpstream();
let fake: FakeUpstream;

beforeAll(async () => {
  fake = await startFakeVendors(4);
});
afterAll(async () => {
  await upstream.close();
  await fake.close();
});

const services = { upstream, notify: () => {} };
const full = (definition: EmbedderDefinition, settings: Partial<EmbedderSettings>): EmbedderSettings => ({
  provider: definition.name,
  model: "m",
  dimensions: 4,
  ...settings,
});

/** The request, with its body parsed, that embedding two texts makes of `settings` (the last one, where it takes several). */
async function requestOf(definition: EmbedderDefinition, settings: Partial<EmbedderSettings>) {
  const embedder = await definition.create(full(definition, settings), services);
  const vectors = await embedder.embed(["one", "two"], { signal });
  expect(vectors).toEqual(["one", "two"].map((text) => Float32Array.from(vectorOf(text, 4))));
  const request = fake.requests.at(-1);
  return { path: request?.path, headers: request?.headers, body: JSON.parse(request?.body.toString() ?? "null") };
}

describe("what is sent", () => {
  const content = (text: string) => ({ content: { parts: [{ text }] }, outputDimensionality: 4 });

  it.each([
    [
      "azure",
      azureEmbedder,
      "/openai/deployments/d/embeddings",
      "?api-version=2023-05-15",
      { model: "m", input: ["one", "two"] },
    ],
    [
      "azure, a version that can shorten",
      azureEmbedder,
      "/openai/deployments/d/embeddings?api-version=2024-10-21",
      "",
      { model: "m", input: ["one", "two"], dimensions: 4 },
    ],
    [
      "gemini",
      geminiEmbedder,
      "/v1beta/models/m:batchEmbedContents",
      "",
      { requests: ["one", "two"].map((text) => ({ model: "models/m", ...content(text) })) },
    ],
    [
      "gemini, one text at a time",
      geminiEmbedder,
      "/v1beta/models/m:embedContent",
      "",
      expect.objectContaining(content("two")),
    ],
    [
      "Vertex",
      geminiEmbedder,
      "/v1/projects/p/m:predict",
      "",
      { instances: [{ content: "one" }, { content: "two" }], parameters: { outputDimensionality: 4 } },
    ],
    [
      "Titan on Bedrock",
      bedrockEmbedder,
      "/model/amazon.titan-embed-text-v2%3A0/invoke",
      "",
      { inputText: "two", dimensions: 4, normalize: false },
    ],
    [
      "Cohere on Bedrock",
      bedrockEmbedder,
      "/model/cohere.embed-v4%3A0/invoke",
      "",
      {
        texts: ["one", "two"],
        input_type: "classification",
        truncate: "RIGHT",
        embedding_types: ["float"],
        output_dimension: 4,
      },
    ],
    ["huggingface", huggingfaceEmbedder, "/m/pipeline/feature-extraction", "", { inputs: ["one", "two"] }],
    ["ollama", ollamaEmbedder, "/api/embed", "", { model: "m", input: ["one", "two"], truncate: true, dimensions: 4 }],
    ["ollama as OpenAI", ollamaEmbedder, "/v1/embeddings", "", { model: "m", input: ["one", "two"], dimensions: 4 }],
  ] as const)("to %s", async (_, definition, path, more, body) => {
    const model = path.includes("cohere") ? { model: "cohere.embed-v4:0" } : {};
    const sent = await requestOf(definition, { upstreamUrl: `${fake.origin}${path}`, ...model });
    expect(sent.path).toBe(`${path}${more}`);
    expect(sent.body).toEqual(body);
  });

  it("takes Ollama's own path when only the server is named", async () => {
    expect((await requestOf(ollamaEmbedder, { upstreamUrl: fake.origin })).path).toBe("/api/embed");
  });

  it("passes Hugging Face's switches as headers", async () => {
    const { headers } = await requestOf(huggingfaceEmbedder, {
      upstreamUrl: `${fake.origin}/pipeline/feature-extraction`,
      options: { huggingface: { use_cache: false, wait_for_model: true } },
    });
    expect(headers).toMatchObject({ "x-use-cache": "false", "x-wait-for-model": "true" });
  });
});

describe("where it is sent without upstream_url", () => {
  /** An upstream that notes the address and answers nothing: no vendor is called. */
  async function addressOf(definition: EmbedderDefinition, settings: Partial<EmbedderSettings>): Promise<string> {
    let address = "";
    const noting: Upstream = {
      ...upstream,
      collect: async ({ origin, path }) => {
        address = `${origin}${path}`;
        return await Promise.reject(new Error("not sent"));
      },
    };
    const embedder = await definition.create(full(definition, settings), { ...services, upstream: noting });
    await expect(embedder.embed(["one"], { signal })).rejects.toThrow("not sent");
    return address;
  }

  const azure = { instance: "east", deployment_id: "small" };
  const vertex = { api_endpoint: "eu-aiplatform.googleapis.com", project_id: "p1", location_id: "eu" };

  it.each([
    [openaiEmbedder, {}, "https://api.openai.com/v1/embeddings"],
    [mistralEmbedder, {}, "https://api.mistral.ai/v1/embeddings"],
    [
      azureEmbedder,
      { azure },
      "https://east.openai.azure.com/openai/deployments/small/embeddings?api-version=2023-05-15",
    ],
    [
      azureEmbedder,
      { azure: { ...azure, api_version: "2024-10-21" } },
      "https://east.openai.azure.com/openai/deployments/small/embeddings?api-version=2024-10-21",
    ],
    [geminiEmbedder, {}, "https://generativelanguage.googleapis.com/v1beta/models/m:batchEmbedContents"],
    [
      geminiEmbedder,
      { gemini: vertex },
      "https://eu-aiplatform.googleapis.com/v1/projects/p1/locations/eu/publishers/google/models/m:predict",
    ],
    [
      bedrockEmbedder,
      { bedrock: { aws_region: "eu-west-1" } },
      "https://bedrock-runtime.eu-west-1.amazonaws.com/model/m/invoke",
    ],
    [huggingfaceEmbedder, {}, "https://router.huggingface.co/hf-inference/models/m/pipeline/feature-extraction"],
  ])("$name %o", async (definition, options, address) => {
    expect(await addressOf(definition, { options })).toBe(address);
  });

  it("keeps the two parts of a Hugging Face name apart, and nothing else", async () => {
    const address = await addressOf(huggingfaceEmbedder, { model: "BAAI/bge-small?x=../y" });
    expect(address).toContain("/models/BAAI/bge-small%3Fx%3D../y/pipeline/");
  });

  it.each([
    [azureEmbedder, {}, "model.options.azure.instance"],
    [azureEmbedder, { azure: { instance: "evil.example/", deployment_id: "d" } }, "model.options.azure.instance"],
    [azureEmbedder, { azure: { instance: "east" } }, "model.options.azure.deployment_id"],
    [geminiEmbedder, { gemini: { project_id: "p1" } }, "model.options.gemini"],
    [bedrockEmbedder, { bedrock: { aws_region: "evil.example/" } }, "model.options.bedrock.aws_region"],
    [ollamaEmbedder, {}, "model.options.upstream_url"],
  ])("$name %o is refused", async (definition, options, message) => {
    const creating = definition.create(full(definition, { options }), services);
    await expect(creating).rejects.toMatchObject({
      code: "GW_CONFIG_INVALID",
      message: expect.stringContaining(message),
    });
  });
});

describe("a server that cannot shorten its vectors", () => {
  it("is asked once more without the wish, and from then on never with it", async () => {
    const wishes: boolean[] = [];
    const vllm = await startFakeUpstream({
      reply(request) {
        const hasWish = "dimensions" in JSON.parse(request.body.toString());
        wishes.push(hasWish);
        if (hasWish) request.answer(400, {}, '{"message":"Model does not support matryoshka representation"}');
        else request.answer(200, {}, '{"data":[{"embedding":[1,2]}]}');
      },
    });
    const settings = full(openaiEmbedder, { upstreamUrl: `${vllm.origin}/v1/embeddings` });
    const embedder = await openaiEmbedder.create(settings, services);
    expect(await embedder.embed(["one"], { signal })).toEqual([Float32Array.of(1, 2, 0, 0)]);
    await embedder.embed(["two"], { signal });
    expect(wishes).toEqual([true, false, false]);
    await vllm.close();
  });
});

it("embeds many texts at an endpoint that takes one, in their order", async () => {
  const settings = full(geminiEmbedder, { upstreamUrl: `${fake.origin}/m:embedContent` });
  const texts = Array.from({ length: 30 }, (_, index) => `text ${index}`);
  const embedder = await geminiEmbedder.create(settings, services);
  expect(await embedder.embed(texts, { signal })).toEqual(texts.map((text) => Float32Array.from(vectorOf(text, 4))));
});

it("sends what its cloud made of the request, and once more when that has other keys by now", async () => {
  let keys = "first";
  const picky = await startFakeUpstream({
    reply(request) {
      const isTaken = request.headers["authorization"] === "second";
      request.answer(isTaken ? 200 : 403, {}, '{"embedding":[1]}');
    },
  });
  const cloud: EmbedderCloud = {
    authorize: async (request) => ({ ...request, headers: [...request.headers, "Authorization", keys] }),
    async renew() {
      const isOther = keys === "first";
      keys = "second";
      return isOther;
    },
  };
  const settings = full(bedrockEmbedder, { upstreamUrl: picky.origin, auth: { cloud } });
  const embedder = await bedrockEmbedder.create(settings, services);
  expect(await embedder.embed(["one"], { signal })).toEqual([Float32Array.of(1, 0, 0, 0)]);
  expect(picky.requests.map(({ headers }) => headers["authorization"])).toEqual(["first", "second"]);
  await picky.close();
});
