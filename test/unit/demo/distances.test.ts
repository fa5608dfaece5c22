import { afterAll, beforeAll, expect, it } from "vitest";
import { parse } from "yaml";
import { Secret } from "../../../src/core/secret.ts";
import { demoYaml } from "../../../src/demo/kong-yaml.ts";
import { demoKeys, demoPrompts } from "../../../src/demo/scenario.ts";
import { type Simulators, startSimulators } from "../../../src/demo/simulators.ts";
import type { Embedder } from "../../../src/embeddings/embedder.ts";
import { localEmbedder } from "../../../src/embeddings/embedders/local/local.ts";
import { openaiEmbedder } from "../../../src/embeddings/embedders/openai.ts";
import { createUpstream } from "../../../src/upstream/create-upstream.ts";
import type { Upstream } from "../../../src/upstream/upstream.ts";

let local: Embedder;
let simulators: Simulators;
let upstream: Upstream;

beforeAll(async () => {
  upstream = createUpstream();
  const settings = { provider: "local", model: "universal-sentence-encoder-lite", dimensions: 512 };
  local = await localEmbedder.create(settings, { upstream, notify: () => {} });
  simulators = await startSimulators({ keys: demoKeys, embedder: local });
});

afterAll(async () => {
  await upstream.close();
  await simulators.close();
  await local.close();
});

it("between the demo's prompts and targets choose the expected model, asked as OpenAI is asked", async () => {
  const redirected = createUpstream({ connectTo: simulators.connectTo });
  const key = async (): Promise<Secret> => new Secret(`Bearer ${demoKeys.openai}`);
  const { embeddings, vectordb, targets } = parse(demoYaml).plugins[0].config;
  const embedder = await openaiEmbedder.create(
    {
      provider: embeddings.model.provider,
      model: embeddings.model.name,
      dimensions: vectordb.dimensions,
      auth: { header: { name: "Authorization", value: key } },
    },
    { upstream: redirected, notify: () => {} },
  );
  const [programming, mathematics, catchall] = targets;
  const texts = [programming.description, mathematics.description, ...demoPrompts.map(({ prompt }) => prompt)];
  const [first = new Float32Array(), second = new Float32Array(), ...prompts] = await embedder.embed(texts, {
    signal: AbortSignal.timeout(15_000),
  });
  const chosen = prompts.map((vector) => {
    const distances = [distance(vector, first), distance(vector, second)];
    const nearest = Math.min(...distances);
    return nearest > vectordb.threshold ? catchall : targets[distances.indexOf(nearest)];
  });
  expect(chosen.map(({ model }) => model.name)).toEqual(demoPrompts.map(({ expect: model }) => model));
  await embedder.close();
  await redirected.close();
});

/** Cosine distance of unit vectors. */
function distance(a: Float32Array, b: Float32Array): number {
  return 1 - a.reduce((sum, value, index) => sum + value * (b[index] ?? Number.NaN), 0);
}
