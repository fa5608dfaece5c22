import OpenAI from "openai";
import { afterEach, beforeEach, expect, test } from "vitest";
import { systemClock } from "../../src/core/clock.ts";
import { type FakeCloud, startFakeCloud } from "../support/fake-cloud.ts";
import { type FakeModels, startFakeModels } from "../support/fake-models.ts";
import { serveYaml } from "../support/serve-yaml.ts";

let cloud: FakeCloud;
let models: FakeModels;

beforeEach(async () => {
  cloud = await startFakeCloud(systemClock);
  models = await startFakeModels("issued-1");
});

afterEach(async () => {
  await models.close();
  await cloud.close();
});

/** A route whose path names the model, and a target that is signed for as the instance on which gw runs. */
const yaml = `
services:
  - name: chat
    url: http://127.0.0.1:9
    routes:
      - name: chat
        paths: ["~/to/(?<model>[^/]+)"]
plugins:
  - name: ai-proxy-advanced
    config:
      targets:
        - route_type: llm/v1/chat
          model:
            provider: bedrock
            name: eu.$(uri_captures.model)
            options:
              bedrock:
                aws_region: eu-west-1
`;

test("an OpenAI client reaches Bedrock by a path, signed for as the instance, over a reload", async () => {
  const gateway = await serveYaml(yaml, {}, new Map([...cloud.connectTo, ...models.connectTo]));
  try {
    const baseURL = `http://127.0.0.1:${gateway.port}/to/amazon.nova:0`;
    const client = new OpenAI({ apiKey: "none", baseURL, maxRetries: 0 });
    const asked = { model: "any", messages: [{ role: "user" as const, content: "Hi" }] };
    const { data, response } = await client.chat.completions.create(asked).withResponse();
    expect(data.choices[0]?.message.content).toBe("Hello there");
    expect(response.headers.get("x-kong-llm-model")).toBe("bedrock/eu.amazon.nova:0");
    expect(models.server.requests[0]?.path).toBe("/model/eu.amazon.nova%3A0/converse");

    await gateway.server.swap(await gateway.build(yaml));
    const texts = await textsOf(await client.chat.completions.create({ ...asked, stream: true }));
    expect(texts.join("")).toBe("Größe zählt");
    expect(models.server.requests[1]?.path).toBe("/model/eu.amazon.nova%3A0/converse-stream");
    expect(cloud.issued).toHaveLength(1);

    models.stream = "error";
    const broken = await client.chat.completions.create({ ...asked, stream: true });
    await expect(textsOf(broken)).rejects.toThrow("Too many requests");
  } finally {
    await gateway.close();
  }
});

async function textsOf(stream: AsyncIterable<OpenAI.ChatCompletionChunk>): Promise<readonly string[]> {
  const texts: string[] = [];
  for await (const { choices } of stream) texts.push(choices[0]?.delta.content ?? "");
  return texts;
}
