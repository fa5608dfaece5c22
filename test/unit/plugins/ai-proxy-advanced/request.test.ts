import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { AiProxyAdvancedConfig } from "../../../../src/config/types.ts";
import { type AiPlugin, aiConfig, aiTarget, startAiPlugin } from "../../../support/ai-plugin.ts";
import { type FakeUpstream, type ReceivedRequest, startFakeUpstream } from "../../../support/fake-upstream.ts";

let upstream: FakeUpstream;
let running: AiPlugin | undefined;

beforeEach(async () => {
  upstream = await startFakeUpstream({ reply: (request) => request.answer(200, {}, "{}") });
});
afterEach(async () => {
  await running?.close();
  running = undefined;
  await upstream.close();
});

async function start(config: AiProxyAdvancedConfig): Promise<AiPlugin> {
  running = await startAiPlugin(config);
  return running;
}

const plain = { azure_use_managed_identity: false, gcp_use_service_account: false };
const sent = (): ReceivedRequest => {
  const request = upstream.requests.at(-1);
  if (request === undefined) throw new Error("nothing was sent");
  return request;
};

describe("credentials", () => {
  test("a bare key is sent as Bearer, with one notice", async () => {
    const { ask, notices } = await start(aiConfig([aiTarget(upstream.origin)]));
    await ask("tea");
    await ask("tea");
    expect(sent().headers["authorization"]).toBe("Bearer sk-marked");
    expect(notices.filter((notice) => notice.code === "secret-without-scheme")).toHaveLength(1);
    expect(JSON.stringify(notices)).not.toContain("sk-marked");
  });

  test("auth_scheme: none sends it as it is stored, as Kong does", async () => {
    const { ask, notices } = await start(aiConfig([aiTarget(upstream.origin)], { gw: { auth_scheme: "none" } }));
    await ask("tea");
    expect(sent().headers["authorization"]).toBe("sk-marked");
    expect(notices).toEqual([]);
  });

  test("plain text is sent as it is", async () => {
    const auth = { ...plain, header_name: "Authorization", header_value: "Bearer sk-plain", allow_override: false };
    const { ask } = await start(aiConfig([aiTarget(upstream.origin, { auth })]));
    await ask("tea");
    expect(sent().headers["authorization"]).toBe("Bearer sk-plain");
  });

  test("a rotated secret is used by the next request", async () => {
    const { ask, secrets, plugin } = await start(aiConfig([aiTarget(upstream.origin)]));
    await ask("tea");
    secrets.set("{vault://v/key}", "sk-next");
    await plugin.warm?.(new AbortController().signal);
    await ask("tea");
    expect(sent().headers["authorization"]).toBe("Bearer sk-next");
  });

  test("a reference that does not resolve is 503, and nothing is sent", async () => {
    const auth = { ...plain, header_name: "Authorization", header_value: "{vault://v/none}", allow_override: false };
    const { ask } = await start(aiConfig([aiTarget(upstream.origin, { auth })]));
    const response = await ask("tea");
    expect([response.status, await response.json()]).toMatchObject([503, { error: { code: "GW_SECRET_MISSING" } }]);
    expect(upstream.requests).toHaveLength(0);
  });

  test("a secret with a line break is named, not sent, and not shown", async () => {
    const { ask, secrets, plugin } = await start(aiConfig([aiTarget(upstream.origin)]));
    secrets.set("{vault://v/key}", "sk-marked\n");
    await plugin.warm?.(new AbortController().signal);
    const response = await ask("tea");
    const text = await response.text();
    expect(response.status).toBe(503);
    expect(text).toContain("GW_SECRET_UNUSABLE");
    expect(text).not.toContain("sk-marked");
    expect(upstream.requests).toHaveLength(0);
  });

  test("the client's own credentials never travel on", async () => {
    const auth = { ...plain, header_name: "X-Api-Key", header_value: "{vault://v/key}", allow_override: false };
    const { ask } = await start(aiConfig([aiTarget(upstream.origin, { auth })]));
    await ask("tea", {}, { authorization: "Bearer client", cookie: "session=1", "x-api-key": "client" });
    expect(sent().headers).toMatchObject({ "x-api-key": "sk-marked" });
    expect(sent().headers).not.toHaveProperty("authorization");
    expect(sent().headers).not.toHaveProperty("cookie");
  });

  test("allow_override keeps the client's own header, and fills in a missing one", async () => {
    const auth = { ...plain, header_name: "Authorization", header_value: "{vault://v/key}", allow_override: true };
    const { ask } = await start(aiConfig([aiTarget(upstream.origin, { auth })]));
    await ask("tea", {}, { authorization: "Bearer client" });
    expect(sent().headers["authorization"]).toBe("Bearer client");
    await ask("tea");
    expect(sent().headers["authorization"]).toBe("Bearer sk-marked");
  });

  test.each(["query", "body"] as const)("a parameter goes into the %s", async (location) => {
    const auth = {
      ...plain,
      param_name: "key",
      param_value: "{vault://v/key}",
      param_location: location,
      allow_override: false,
    };
    const { ask } = await start(aiConfig([aiTarget(upstream.origin, { auth })]));
    await ask("tea", { key: "client" });
    const shown =
      location === "query"
        ? new URLSearchParams(sent().path.split("?")[1]).get("key")
        : (JSON.parse(sent().body.toString()) as { key: string }).key;
    expect(shown).toBe("sk-marked");
  });
});

describe("the request", () => {
  test("carries the client's headers and query, and its own encoding, length and id", async () => {
    const { server } = await start(aiConfig([aiTarget(upstream.origin)]));
    await fetch(`${server.origin}/chat?a=1&b=%20`, {
      method: "POST",
      headers: {
        "Content-Type": "application/json; charset=utf-8",
        "X-Mine": "yes",
        "OpenAI-Beta": "x",
        "X-GW-Debug": "route",
      },
      body: '{"messages":[{"role":"user","content":"tea"}]}',
    });
    expect(sent().path).toBe("/v1/chat/completions?a=1&b=%20");
    expect(sent().headers).toMatchObject({
      "x-mine": "yes",
      "openai-beta": "x",
      "content-type": "application/json",
      "accept-encoding": "gzip, identity",
      "x-kong-request-id": "00000000000000000000000000000001",
      "content-length": String(sent().body.length),
      host: new URL(upstream.origin).host,
    });
    expect(sent().headers).not.toHaveProperty("x-gw-debug");
  });

  test("azure's api-version is the client's, if it names one", async () => {
    const options = { azure_api_version: "configured", upstream_url: `${upstream.origin}/v1?x=1` };
    const { server } = await start(aiConfig([aiTarget(upstream.origin, { model: { provider: "azure", options } })]));
    const chat = { method: "POST", body: '{"model":"m","messages":[{"role":"user","content":"tea"}]}' };
    await fetch(server.origin, { ...chat, headers: { "content-type": "application/json" } });
    expect(sent().path).toBe("/v1?x=1&api-version=configured");
    await fetch(`${server.origin}?api-version=own`, { ...chat, headers: { "content-type": "application/json" } });
    expect(sent().path).toBe("/v1?x=1&api-version=own");
  });

  test("headers that the client names in Connection stay here", async () => {
    const { server } = await start(aiConfig([aiTarget(upstream.origin)]));
    const { request } = await import("node:http");
    await new Promise((resolve) => {
      const body = '{"messages":[{"role":"user","content":"tea"}]}';
      const headers = { connection: "close, x-private", "x-private": "1", "x-public": "2", te: "trailers" };
      request(server.origin, { method: "POST", headers }, (response) => response.resume().on("end", resolve)).end(body);
    });
    expect(sent().headers).toMatchObject({ "x-public": "2" });
    expect(sent().headers).not.toHaveProperty("x-private");
    expect(sent().headers).not.toHaveProperty("te");
  });

  test("a stream is asked for uncompressed", async () => {
    const { ask } = await start(aiConfig([aiTarget(upstream.origin)]));
    await ask("tea", { stream: true });
    expect(sent().headers["accept-encoding"]).toBe("identity");
  });

  test("response_streaming: always asks for a stream, deny refuses one", async () => {
    const always = await start(aiConfig([aiTarget(upstream.origin)], { response_streaming: "always" }));
    await always.ask("tea");
    expect(JSON.parse(sent().body.toString())).toMatchObject({ stream: true });
    await always.close();
    const deny = await start(aiConfig([aiTarget(upstream.origin)], { response_streaming: "deny" }));
    const response = await deny.ask("tea", { stream: true });
    expect([response.status, await response.json()]).toMatchObject([
      400,
      { error: { message: "response streaming is not enabled for this LLM" } },
    ]);
  });

  test("without a configured model the client's is sent, and without both it is 400", async () => {
    const options = { azure_api_version: "", upstream_url: `${upstream.origin}/v1` };
    const { ask } = await start(aiConfig([aiTarget(upstream.origin, { model: { provider: "openai", options } })]));
    const response = await ask("tea", { model: "gpt-é" });
    expect(response.headers.get("x-kong-llm-model")).toBe("openai/gpt-%C3%A9");
    const refused = await ask("tea");
    expect([refused.status, await refused.json()]).toMatchObject([
      400,
      { error: { message: "model parameter not found in request, nor in gateway configuration" } },
    ]);
  });
});

describe("requests that are refused", () => {
  const unreadable = "content-type header does not match request body, or bad JSON formatting";

  test("another method is 405 and says which is allowed", async () => {
    const { server } = await start(aiConfig([aiTarget(upstream.origin)]));
    const response = await fetch(server.origin);
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")).toBe("POST");
  });

  test.each([["text/plain"], ["multipart/form-data; boundary=x"], ["application/jsonp"]])(
    "a body of type %s is 400",
    async (type) => {
      const { ask } = await start(aiConfig([aiTarget(upstream.origin)]));
      const response = await ask("tea", {}, { "content-type": type });
      expect([response.status, await response.json()]).toMatchObject([400, { error: { message: unreadable } }]);
    },
  );

  test.each([[""], ["application/json"], ["Application/JSON; charset=utf-8"], ["application/vnd.api+json"]])(
    "a body of type %j is read",
    async (type) => {
      const { ask } = await start(aiConfig([aiTarget(upstream.origin)]));
      expect((await ask("tea", {}, { "content-type": type })).status).toBe(200);
    },
  );

  test("a body that is too large is 413", async () => {
    const { ask } = await start(aiConfig([aiTarget(upstream.origin)], { max_request_body_size: 100 }));
    expect((await ask("x".repeat(200))).status).toBe(413);
    expect(upstream.requests).toHaveLength(0);
  });
});
