import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AiProxyAdvancedConfig } from "../../../../src/config/types.ts";
import { type AiPlugin, aiConfig, aiTarget, startAiPlugin } from "../../../support/ai-plugin.ts";
import { createFakeClock, type FakeClock } from "../../../support/fake-clock.ts";
import { cloudKeys, type FakeCloud, serviceAccount, startFakeCloud } from "../../../support/fake-cloud.ts";
import { type FakeModels, startFakeModels } from "../../../support/fake-models.ts";
import { expectNoSecretHeard, hear } from "../../../support/secrecy.ts";
import { signedHeaders } from "../../../support/verify-signature.ts";

type Target = AiProxyAdvancedConfig["targets"][number];
type Options = Partial<NonNullable<Target["model"]["options"]>>;
type Auth = Partial<NonNullable<Target["auth"]>>;

let clock: FakeClock;
let cloud: FakeCloud;
let models: FakeModels;
let plugin: AiPlugin | undefined;

beforeEach(async () => {
  clock = createFakeClock();
  cloud = await startFakeCloud(clock);
  models = await startFakeModels(cloudKeys.aws.secret);
});

afterEach(async () => {
  await plugin?.close();
  await models.close();
  await cloud.close();
  expectNoSecretHeard();
});

function target(provider: Target["model"]["provider"], name: string, options: Options, auth: Auth): Target {
  return aiTarget("", {
    model: { provider, name, options: { azure_api_version: "2024-10-21", ...options } },
    auth: { allow_override: false, azure_use_managed_identity: false, gcp_use_service_account: false, ...auth },
    logging: { log_statistics: true, log_payloads: false },
  });
}

function bedrock(auth: Auth, roleArn?: string): Target {
  const role = roleArn === undefined ? {} : { aws_assume_role_arn: roleArn };
  return target(
    "bedrock",
    "anthropic.claude:0",
    { bedrock: { aws_region: "eu-west-1", embeddings_normalize: false, ...role } },
    auth,
  );
}

const inTurn = { algorithm: "round-robin" as const };
const ownKeys = { aws_access_key_id: cloudKeys.aws.id, aws_secret_access_key: "{vault://v/aws}" };

async function serve(...targets: readonly Target[]): Promise<AiPlugin> {
  return await serveConfig(aiConfig(targets, { balancer: inTurn }));
}

async function serveConfig(config: AiProxyAdvancedConfig): Promise<AiPlugin> {
  const connectTo = new Map([...cloud.connectTo, ...models.connectTo]);
  const vault = { "{vault://v/aws}": cloudKeys.aws.secret, "{vault://v/gcp}": serviceAccount };
  plugin = await startAiPlugin(config, { clock, connectTo, vault });
  return plugin;
}

async function textOf(answer: Response): Promise<string> {
  const text = await answer.text();
  hear(text);
  return text;
}

describe("Bedrock", () => {
  test("is asked with a signed request, which nothing of the client's gets into", async () => {
    const { ask } = await serve(bedrock(ownKeys));
    const answer = await ask("Hi", {}, { "x-amz-date": "20000101T000000Z", "x-amz-security-token": "client's" });
    expect(JSON.parse(await textOf(answer))).toMatchObject({
      object: "chat.completion",
      model: "anthropic.claude:0",
      choices: [{ message: { role: "assistant", content: "Hello there" }, finish_reason: "stop" }],
      usage: { prompt_tokens: 30, completion_tokens: 628, total_tokens: 658 },
    });
    const [asked] = models.server.requests;
    expect(asked?.path).toBe("/model/anthropic.claude%3A0/converse");
    expect(asked?.headers).not.toHaveProperty("x-amz-security-token");
    expect(signedHeaders(asked ?? { headers: {} })).toBe("content-type;host;x-amz-date");
  });

  test("streams as OpenAI does, with the count that was asked for", async () => {
    const { ask } = await serve(bedrock(ownKeys));
    const answer = await ask("Hi", { stream: true, stream_options: { include_usage: true } });
    expect(answer.headers.get("content-type")).toBe("text/event-stream");
    const events = (await textOf(answer)).split("\n\n").filter((event) => event !== "");
    expect(events.at(-1)).toBe("data: [DONE]");
    const chunks = events.slice(0, -1).map((event) => JSON.parse(event.slice(6)) as Record<string, unknown>);
    const texts = chunks.map((chunk) => JSON.stringify(chunk["choices"]).match(/"content":"([^"]*)"/)?.[1] ?? "");
    expect(texts.join("")).toBe("Größe zählt");
    expect(chunks.at(-1)).toMatchObject({ choices: [], usage: { prompt_tokens: 114, completion_tokens: 5 } });
  });

  test("breaks off with an error that the client hears", async () => {
    models.stream = "error";
    const { ask } = await serve(bedrock(ownKeys));
    const text = await textOf(await ask("Hi", { stream: true }));
    expect(text).toContain('"content":"a"');
    expect(text).toContain("throttlingException: Too many requests");
    expect(text).not.toContain("[DONE]");
  });

  test("takes what its own clients write under gw's signature, and counts what they are streamed", async () => {
    const { server } = await serveConfig(aiConfig([bedrock(ownKeys)], { llm_format: "bedrock", balancer: inTurn }));
    const answer = await fetch(`${server.origin}/model/any/converse-stream`, {
      method: "POST",
      headers: { "content-type": "application/json", authorization: "AWS4-HMAC-SHA256 Credential=clients" },
      body: JSON.stringify({ messages: [{ role: "user", content: [{ text: "Hi" }] }] }),
    });
    expect(await textOf(answer)).toContain("contentBlockDelta");
    expect(models.server.requests[0]?.path).toBe("/model/anthropic.claude%3A0/converse-stream");
    expect(server.finished.at(-1)?.ai).toMatchObject({ usage: { prompt_tokens: 114, completion_tokens: 5 } });
  });

  test("refuses in OpenAI's words", async () => {
    const { ask } = await serve(bedrock(ownKeys));
    models.accepts = "another key";
    const answer = await ask("Hi");
    expect(answer.status).toBe(403);
    expect(JSON.parse(await textOf(answer))).toMatchObject({
      error: { message: "The security token included in the request is invalid." },
    });
  });

  test("keys of a role that are refused are replaced, and the request is signed anew", async () => {
    models.accepts = "issued-1";
    const { ask, server } = await serve(bedrock(ownKeys, "arn:aws:iam::1:role/gw"));
    expect((await ask("Hi")).status).toBe(200);
    models.accepts = "issued-2";
    clock.advance(2000);
    expect((await ask("Hi")).status).toBe(200);
    expect(cloud.issued).toHaveLength(2);
    expect(server.finished.at(-1)?.ai).toMatchObject({ key_renewed: true });
    expect(models.server.requests.at(-1)?.headers["x-amz-security-token"]).toBe("session-2");
  });

  test("is not asked without keys", async () => {
    cloud.refusal = { status: 500, body: "" };
    const { ask } = await serve(bedrock(ownKeys, "arn:aws:iam::1:role/gw"));
    const answer = await ask("Hi");
    expect(answer.status).toBe(503);
    expect(await textOf(answer)).toContain("GW_SECRET_UNREACHABLE");
    expect(models.server.requests).toHaveLength(0);
  });

  test("takes an API key as any header", async () => {
    const { ask } = await serve(bedrock({ header_name: "Authorization", header_value: "Bearer api-key" }));
    await ask("Hi");
    expect(models.server.requests[0]?.headers).toMatchObject({ authorization: "Bearer api-key" });
    expect(models.server.requests[0]?.headers).not.toHaveProperty("x-amz-date");
  });
});

const vertex = { api_endpoint: "europe-west1-aiplatform.googleapis.com", project_id: "p", location_id: "europe-west1" };

test("Vertex AI is asked with a service account's token", async () => {
  models.accepts = "Bearer token-1";
  const auth = { gcp_use_service_account: true, gcp_service_account_json: "{vault://v/gcp}" };
  const { ask } = await serve(target("gemini", "gemini-2.5-flash", { gemini: vertex }, auth));
  const answer = await ask("Hi");
  expect(answer.status).toBe(200);
  expect(await textOf(answer)).toContain('"object":"chat.completion"');
  expect((await ask("Hi")).status).toBe(200);
  expect(cloud.issued).toHaveLength(1);
});

describe("Azure is asked with a token", () => {
  const options = { azure_instance: "mine", azure_deployment_id: "d" };

  test.each<[string, Auth]>([
    ["of the machine", { azure_use_managed_identity: true }],
    [
      "of an application",
      {
        azure_client_id: cloudKeys.azure.id,
        azure_tenant_id: cloudKeys.azure.tenant,
        azure_client_secret: cloudKeys.azure.secret,
      },
    ],
  ])("%s", async (_, auth) => {
    models.accepts = "Bearer token-1";
    const { ask } = await serve(target("azure", "gpt-4o", options, auth));
    const answer = await ask("Hi", {}, { authorization: "Bearer client's" });
    expect(answer.status).toBe(200);
    expect(await textOf(answer)).toContain("Hello from Azure");
    expect(models.server.requests[0]?.path).toBe("/openai/deployments/d/chat/completions?api-version=2024-10-21");
  });
});

test("a token that expires is replaced before a request needs it", async () => {
  models.accepts = "Bearer token-1";
  const options = { azure_instance: "mine", azure_deployment_id: "d" };
  const { ask } = await serve(target("azure", "gpt-4o", options, { azure_use_managed_identity: true }));
  expect((await ask("Hi")).status).toBe(200);
  clock.advance(0.9 * 3600 * 1000);
  await expect.poll(() => cloud.issued.length).toBe(2);
  models.accepts = "Bearer token-2";
  expect((await ask("Hi")).status).toBe(200);
});
