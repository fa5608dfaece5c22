import { readFileSync } from "node:fs";
import { expect, onTestFinished, test } from "vitest";
import { ConfigError } from "../../../../src/core/errors.ts";
import { startFakeUpstream } from "../../../support/fake-upstream.ts";
import { serveYaml } from "../../../support/serve-yaml.ts";
import { ask } from "../../gateway/start-gateway.ts";

const completion = '{"choices":[{"index":0,"message":{"role":"assistant","content":"tea"}}]}';

function configuration(url: string, more = ""): string {
  return `
services: [{name: chat, url: "http://chat.invalid"}]
routes: [{name: chat, service: {name: chat}, paths: [/chat]}]
plugins:
  - name: ai-proxy
    config:
      route_type: llm/v1/chat
      auth: {header_name: Authorization, header_value: "{vault://env/key}"}
      model: {provider: openai, name: gpt-4o, options: {upstream_url: "${url}/v1/chat/completions"}}
${more}`;
}

async function serve(more = ""): Promise<{ port: number; provider: Awaited<ReturnType<typeof startFakeUpstream>> }> {
  const headers = { "content-type": "application/json" };
  const provider = await startFakeUpstream({ reply: (request) => request.answer(200, headers, completion) });
  const gateway = await serveYaml(configuration(provider.origin, more), { KEY: "Bearer sk-planted" });
  onTestFinished(async () => {
    await gateway.close();
    await provider.close();
  });
  return { port: gateway.port, provider };
}

const headers = { "content-type": "application/json" };
const body = '{"messages":[{"role":"user","content":"tea?"}]}';

test("a chat goes to the one model with its key, and the answer says which it was", async () => {
  const { port, provider } = await serve();
  const reply = await ask(port, "/chat", { method: "POST", headers, body });
  expect(reply).toMatchObject({ status: 200, body: completion });
  expect(reply.headers["x-kong-llm-model"]).toBe("openai/gpt-4o");
  expect(provider.requests[0]?.headers["authorization"]).toBe("Bearer sk-planted");
  expect(JSON.parse(String(provider.requests[0]?.body))).toMatchObject({ model: "gpt-4o" });
});

test("its own fields hold: no model header, and the limit of the body", async () => {
  const { port } = await serve("      model_name_header: false\n      max_request_body_size: 60\n");
  const reply = await ask(port, "/chat", { method: "POST", headers, body });
  expect([reply.status, reply.headers["x-kong-llm-model"]]).toEqual([200, undefined]);
  expect((await ask(port, "/chat", { method: "POST", headers, body: `${body}${" ".repeat(60)}` })).status).toBe(413);
});

test("what is wrong with the target is found where it stands", async () => {
  const yaml = configuration("http://127.0.0.1:1").replace("provider: openai", "provider: azure");
  const error = await serveYaml(yaml, { KEY: "x" }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(ConfigError);
  const { diagnostics } = error as ConfigError;
  expect(diagnostics.map(({ path }) => path)).toContain("plugins.0.config.model.options.azure_instance");
});

test("the fields that it shares with ai-proxy-advanced have the same schemas", () => {
  interface Schema {
    readonly properties: Readonly<Record<string, unknown>>;
  }
  const read = (name: string): Schema =>
    JSON.parse(readFileSync(`schemas/plugins/${name}.schema.json`, "utf8")) as Schema;
  const advanced = read("ai-proxy-advanced");
  const { items } = advanced.properties["targets"] as { readonly items: Schema };
  for (const [field, schema] of Object.entries(read("ai-proxy").properties))
    expect(schema, field).toEqual(items.properties[field] ?? advanced.properties[field]);
});
