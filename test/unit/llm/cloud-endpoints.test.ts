import { describe, expect, test } from "vitest";
import { providers } from "../../../src/catalogue.ts";
import type { JsonObject } from "../../../src/core/json.ts";
import { parseChatRequest } from "../../../src/llm/chat.ts";
import type { UpstreamRequest } from "../../../src/core/http-message.ts";

const vertex = { api_endpoint: "europe-west1-aiplatform.googleapis.com", project_id: "p", location_id: "europe-west1" };

function build(
  provider: string,
  options: JsonObject,
  body: JsonObject,
): UpstreamRequest & { readonly sent: JsonObject } {
  const driver = providers[provider];
  if (driver === undefined) throw new Error(provider);
  const endpoint = driver.endpoint(options, undefined);
  const call = parseChatRequest(
    Buffer.from(JSON.stringify({ model: "m:1", messages: [{ role: "user", content: "hi" }], ...body })),
  );
  const { request } = driver.buildChat(call, { provider, model: undefined, options, clientParams: false, endpoint });
  return { ...request, sent: JSON.parse((request.body as Buffer).toString()) as JsonObject };
}

// https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference
// https://docs.aws.amazon.com/general/latest/gr/bedrock.html
describe.each<[string, JsonObject, string, string, string]>([
  [
    "gemini",
    { gemini: vertex },
    "https://europe-west1-aiplatform.googleapis.com",
    "/v1/projects/p/locations/europe-west1/publishers/google/models/m%3A1:generateContent",
    "/v1/projects/p/locations/europe-west1/publishers/google/models/m%3A1:streamGenerateContent?alt=sse",
  ],
  [
    "gemini",
    { gemini: { ...vertex, endpoint_id: "42" } },
    "https://europe-west1-aiplatform.googleapis.com",
    "/v1/projects/p/locations/europe-west1/endpoints/42:generateContent",
    "/v1/projects/p/locations/europe-west1/endpoints/42:streamGenerateContent?alt=sse",
  ],
  [
    "bedrock",
    { bedrock: { aws_region: "eu-west-1" } },
    "https://bedrock-runtime.eu-west-1.amazonaws.com",
    "/model/m%3A1/converse",
    "/model/m%3A1/converse-stream",
  ],
  [
    "bedrock",
    { bedrock: { aws_region: "cn-north-1" } },
    "https://bedrock-runtime.cn-north-1.amazonaws.com.cn",
    "/model/m%3A1/converse",
    "/model/m%3A1/converse-stream",
  ],
  [
    "bedrock",
    { upstream_url: "https://vpce-1.example.com" },
    "https://vpce-1.example.com",
    "/model/m%3A1/converse",
    "/model/m%3A1/converse-stream",
  ],
])("%s with the options %j", (provider, options, origin, path, streamPath) => {
  test("is where its reference says, streams too", () => {
    expect(build(provider, options, {})).toMatchObject({ origin, path });
    expect(build(provider, options, { stream: true })).toMatchObject({ origin, path: streamPath });
  });

  test("a client's model stays one segment of the path", () => {
    if (!path.includes("m%3A1")) return;
    expect(build(provider, options, { model: "../../x?y#z$&" }).path).toBe(
      path.replace("m%3A1", "..%2F..%2Fx%3Fy%23z%24%26"),
    );
    expect(() => build(provider, options, { model: ".." })).toThrow("is not the name of a model");
  });
});

test.each<[string, JsonObject]>([
  ["gemini", { gemini: { ...vertex, api_endpoint: "evil.example/x" } }],
  ["gemini", { gemini: { ...vertex, project_id: ".." } }],
  ["bedrock", {}],
  ["bedrock", { bedrock: { aws_region: "eu/../x" } }],
])("%s refuses the options %j", (provider, options) => {
  expect(() => providers[provider]?.endpoint(options, "m")).toThrow(
    expect.objectContaining({ code: "GW_CONFIG_INVALID" }),
  );
});

describe("Bedrock's own", () => {
  const bedrock = { aws_region: "eu-west-1", performance_config_latency: "optimized" };

  test("options, guardrail and top_k of Anthropic's models are sent", () => {
    const guardrailConfig = { guardrailIdentifier: "g", guardrailVersion: "1" };
    const { sent } = build("bedrock", { bedrock, top_k: 5 }, { model: "eu.anthropic.claude-1", guardrailConfig });
    expect(sent).toMatchObject({
      performanceConfig: { latency: "optimized" },
      additionalModelRequestFields: { top_k: 5 },
      guardrailConfig,
    });
  });

  test.each([
    ["data:image/jpg;base64,AAAA", { format: "jpeg", source: { bytes: "AAAA" } }],
    ["s3://bucket/cat.webp", { format: "webp", source: { s3Location: { uri: "s3://bucket/cat.webp" } } }],
  ])("image %s arrives", (url, image) => {
    const messages = [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }];
    expect(build("bedrock", { bedrock }, { messages }).sent["messages"]).toEqual([
      { role: "user", content: [{ image }] },
    ]);
  });

  test("a kind of image that it does not take is refused", () => {
    const content = [{ type: "image_url", image_url: { url: "data:image/tiff;base64,AAAA" } }];
    expect(() => build("bedrock", { bedrock }, { messages: [{ role: "user", content }] })).toThrow(
      "png, jpeg, gif, webp",
    );
  });

  test("list of tools is named after the conversation where the client brings none", () => {
    const tool_calls = [{ id: "1", type: "function", function: { name: "now", arguments: "{}" } }];
    const messages = [
      { role: "user", content: "time?" },
      { role: "assistant", content: null, tool_calls },
      { role: "tool", tool_call_id: "1", content: "" },
    ];
    const tools = [{ toolSpec: { name: "now", inputSchema: { json: { type: "object" } } } }];
    expect(build("bedrock", { bedrock }, { messages }).sent).toMatchObject({
      toolConfig: { tools },
      messages: [{}, {}, { role: "user", content: [{ toolResult: { toolUseId: "1", content: [] } }] }],
    });
  });
});
