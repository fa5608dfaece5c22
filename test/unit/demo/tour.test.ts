import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { afterAll, beforeAll, expect, it } from "vitest";
import { demoKeys } from "../../../src/demo/scenario.ts";
import { type Simulators, startSimulators } from "../../../src/demo/simulators.ts";
import { readDistance, runTour, type TourRow } from "../../../src/demo/tour.ts";

/** A gateway of a few lines: the prompt says where it goes. */
let gateway: Server;
let origin: string;
let simulators: Simulators;

beforeAll(async () => {
  const embedder = { name: "none", model: "none", dimensions: 1, embed: async () => [], close: async () => {} };
  simulators = await startSimulators({ keys: demoKeys, embedder });
  gateway = createServer((request, response) => {
    void (async () => {
      const body = JSON.parse(await text(request));
      const [provider, model, key] = body.messages[0].content.split(" ") as ["openai" | "mistral", string, string];
      const answer = await fetch(`${simulators[provider].origin}/v1/chat/completions`, {
        method: "POST",
        headers: { authorization: `Bearer ${key}` },
        body: JSON.stringify({ ...body, model }),
      });
      const isAsked = request.headers["x-gw-debug"] === "route" && request.url === "/anything";
      response.writeHead(answer.status, {
        ...(answer.ok ? { "x-kong-llm-model": `${provider}/${model}` } : {}),
        ...(isAsked && provider === "openai"
          ? { "x-gw-route": "nearest; target=0; distance=0.6100; threshold=0.8" }
          : {}),
      });
      response.end(await answer.text());
    })();
  });
  gateway.listen(0, "127.0.0.1");
  await once(gateway, "listening");
  origin = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
});

afterAll(async () => {
  gateway.close();
  gateway.closeAllConnections();
  await simulators.close();
});

async function visit(prompt: string, expected: string): Promise<Partial<TourRow>> {
  const [row] = await runTour({
    origin,
    prompts: [{ prompt, expect: expected }],
    simulators,
    signal: AbortSignal.timeout(10_000),
  });
  return row ?? {};
}

it("tells the target, its distance and the reference of the key that the provider received", async () => {
  expect(await visit(`openai gpt-4o ${demoKeys.openai}`, "gpt-4o")).toMatchObject({
    status: 200,
    target: "gpt-4o",
    distance: 0.61,
    keyReference: "{vault://hashicorp-vault/openai/key}",
    isRight: true,
  });
});

it("has no distance for a target without a description", async () => {
  expect(await visit(`mistral mistral-tiny ${demoKeys.mistral}`, "mistral-tiny")).toMatchObject({
    distance: undefined,
    keyReference: "{vault://hashicorp-vault/mistral/key}",
    isRight: true,
  });
});

it("says when another model answered than was expected", async () => {
  expect(await visit(`openai gpt-4o ${demoKeys.openai}`, "gpt-3.5-turbo")).toMatchObject({
    target: "gpt-4o",
    isRight: false,
  });
});

it("says when the provider refused the key", async () => {
  const row = await visit(`openai gpt-4o ${demoKeys.mistral}`, "gpt-4o");
  expect(row).toMatchObject({ status: 401, target: undefined, isRight: false });
});

it("takes its prompts in order, and stops on abort", async () => {
  const stop = new AbortController();
  const prompts = ["one", "two"].map((model) => ({ prompt: `openai ${model} ${demoKeys.openai}`, expect: model }));
  const rows = await runTour({ origin, prompts, simulators, signal: stop.signal });
  expect(rows.map(({ target }) => target)).toEqual(["one", "two"]);
  stop.abort();
  await expect(runTour({ origin, prompts, simulators, signal: stop.signal })).rejects.toMatchObject({
    name: "AbortError",
  });
});

it.each([
  ["nearest; target=1; distance=0.6112; threshold=0.8", 0.6112],
  ["nearest; target=0; distance=0.0000; threshold=0.8", 0],
  ["catchall; target=2", undefined],
  [null, undefined],
])("reads the distance of %s", (header, distance) => {
  expect(readDistance(header)).toBe(distance);
});
