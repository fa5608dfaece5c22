import { readFileSync } from "node:fs";
import type { JsonObject } from "../../src/core/json.ts";
import { isJsonObject } from "../../src/core/json.ts";
import { type FakeUpstream, type ReceivedRequest, startFakeUpstream } from "./fake-upstream.ts";
import { isSignedBy } from "./verify-signature.ts";

/** Bedrock, Vertex AI and Azure OpenAI on one loopback server, which checks requests as they do before it answers. */
export interface FakeModels {
  readonly connectTo: ReadonlyMap<string, URL>;
  readonly server: FakeUpstream;
  /** What is accepted: the secret key of AWS, the value of Authorization elsewhere. */
  accepts: string;
  /** The stream that Bedrock answers with, of fixtures/llm/streams/bedrock. */
  stream: string;
  close(): Promise<void>;
}

const hosts = {
  bedrock: "bedrock-runtime.eu-west-1.amazonaws.com",
  vertex: "europe-west1-aiplatform.googleapis.com",
  azure: "mine.openai.azure.com",
};

export async function startFakeModels(accepts: string): Promise<FakeModels> {
  const server = await startFakeUpstream({ reply });
  const url = new URL(server.origin);
  const models: FakeModels = {
    connectTo: new Map(Object.values(hosts).map((host) => [`${host}:443`, url])),
    server,
    accepts,
    stream: "text",
    close: async () => await server.close(),
  };

  function reply(request: ReceivedRequest): void {
    switch (request.headers["host"]) {
      case hosts.bedrock:
        return answerAsBedrock(request, models);
      case hosts.vertex:
        return answerAsVertex(request, models.accepts);
      default:
        return answerAsAzure(request, models.accepts);
    }
  }
  return models;
}

/** Errors: https://docs.aws.amazon.com/bedrock/latest/userguide/troubleshooting-api-error-codes.html. */
function answerAsBedrock(request: ReceivedRequest, { accepts, stream }: FakeModels): void {
  if (!isSignedBy(accepts, request))
    return json(request, 403, { message: "The security token included in the request is invalid." });
  const problem = converseProblem(parse(request));
  if (problem !== undefined) return json(request, 400, { message: problem });
  if (/^\/model\/[^/?]+\/converse-stream(?:\?|$)/.test(request.path)) {
    const bytes = readFileSync(`fixtures/llm/streams/bedrock/${stream}.bin`);
    return request.answer(200, { "content-type": "application/vnd.amazon.eventstream" }, bytes);
  }
  if (!/^\/model\/[^/?]+\/converse(?:\?|$)/.test(request.path))
    return json(request, 404, { message: "UnknownOperation" });
  json(request, 200, answerOf("bedrock"));
}

/** What is wrong with a request: https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_Converse.html. */
export function converseProblem(body: JsonObject | undefined): string | undefined {
  const { messages, inferenceConfig = {}, system = [] } = body ?? {};
  if (!Array.isArray(messages) || messages.length === 0) return "messages is required";
  const strange = Object.keys(body ?? {}).find((name) => !members.has(name));
  if (strange !== undefined) return `${strange} is not a member`;
  if (!isJsonObject(inferenceConfig)) return "inferenceConfig is no structure";
  if (!Array.isArray(system) || !system.filter(isJsonObject).every(({ text }) => isText(text)))
    return "system is wrong";
  for (const [index, message] of messages.entries()) {
    const { role, content } = isJsonObject(message) ? message : {};
    if (role !== (index % 2 === 0 ? "user" : "assistant")) return "roles must alternate between user and assistant";
    if (!Array.isArray(content) || !content.every((block) => isJsonObject(block) && Object.keys(block).length === 1))
      return "each content block is a union of one member";
    if (content.some((block) => isJsonObject(block) && "text" in block && !isText(block["text"])))
      return "The text field in the ContentBlock object is blank.";
  }
  return undefined;
}

const members: ReadonlySet<string> = new Set([
  "messages",
  "system",
  "inferenceConfig",
  "toolConfig",
  "guardrailConfig",
  "performanceConfig",
  "additionalModelRequestFields",
]);

function isText(value: unknown): boolean {
  return typeof value === "string" && value.trim() !== "";
}

function answerAsVertex(request: ReceivedRequest, accepts: string): void {
  if (request.headers["authorization"] !== accepts)
    return json(request, 401, {
      error: { code: 401, message: "Request had invalid credentials.", status: "UNAUTHENTICATED" },
    });
  const place = "/v1/projects/p/locations/europe-west1/publishers/google/models/gemini-2.5-flash:generateContent";
  if (request.path !== place)
    return json(request, 404, { error: { code: 404, message: request.path, status: "NOT_FOUND" } });
  json(request, 200, answerOf("gemini"));
}

function answerAsAzure(request: ReceivedRequest, accepts: string): void {
  if (request.headers["authorization"] !== accepts || request.headers["api-key"] !== undefined)
    return json(request, 401, { error: { code: "401", message: "Access denied due to invalid credentials." } });
  const message = { role: "assistant", content: "Hello from Azure" };
  json(request, 200, { object: "chat.completion", choices: [{ index: 0, message, finish_reason: "stop" }] });
}

/** From the providers' references. */
function answerOf(provider: "bedrock" | "gemini"): JsonObject {
  const fixture = JSON.parse(readFileSync(`fixtures/llm/answers/${provider}/text.json`, "utf8")) as JsonObject;
  return fixture["answer"] as JsonObject;
}

function parse({ body }: ReceivedRequest): JsonObject | undefined {
  const value: unknown = JSON.parse(body.toString());
  return isJsonObject(value) ? value : undefined;
}

function json(request: ReceivedRequest, status: number, body: JsonObject): void {
  request.answer(status, { "content-type": "application/json" }, JSON.stringify(body));
}
