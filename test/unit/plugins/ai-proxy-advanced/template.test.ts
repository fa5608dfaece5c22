import OpenAI from "openai";
import { describe, expect, test } from "vitest";
import { RequestError } from "../../../../src/core/errors.ts";
import { openaiProvider } from "../../../../src/llm/providers/openai.ts";
import { azureProvider } from "../../../../src/llm/providers/azure.ts";
import { prepareTarget } from "../../../../src/plugins/ai-proxy-advanced/prepare-target.ts";
import { startAiGateway } from "../../../support/ai-gateway.ts";
import { aiConfig, aiTarget } from "../../../support/ai-plugin.ts";
import { startFakeUpstream } from "../../../support/fake-upstream.ts";
import { fillTemplate, templateProblem } from "../../../../src/plugins/ai-proxy-advanced/template.ts";

const given = {
  header: (name: string) =>
    ({ "x-model": "gpt-4o", "x-up": "..", "x-host": "evil.example/", "x-empty": "" })[name.toLowerCase()],
  query: "?tier=a%20b&line=a%0d%0ab",
  captures: { team: "red" },
};

describe("a template", () => {
  test.each([
    ["$(headers.X-Model)", "gpt-4o"],
    ["$(uri_captures.team)-$(query_params.tier)", "red-a b"],
    ["plain $ and (text)", "plain $ and (text)"],
  ])("%s is filled", (text, expected) => {
    expect(fillTemplate(text, given)).toBe(expected);
  });

  // kong/llm/drivers/shared.lua
  test.each([
    ["$(headers.none)", "headers key none was not provided"],
    ["$(headers.x-empty)", "headers key x-empty was not provided"],
    ["$(uri_captures.constructor)", "uri_captures key constructor was not provided"],
    ["$(cookies.x)", "source 'cookies' is not supported"],
    ["$(constructor.name)", "source 'constructor' is not supported"],
    ["$(headers)", "cannot parse expression for field '$(headers)'"],
    ["$(headers.x", "cannot parse expression for field '$(headers.x'"],
    ["$(query_params.line)", "query_params key line holds a control character"],
  ])("%s is refused in Kong's words", (text, message) => {
    expect(() => fillTemplate(text, given)).toThrow(new RequestError("GW_REQUEST_INVALID", message));
  });

  test("what a request gives is not filled again", () => {
    const request = { ...given, header: () => "$(uri_captures.team)" };
    expect(fillTemplate("$(headers.x)", request)).toBe("$(uri_captures.team)");
  });

  test("is wrong, or not, whatever the request gives", () => {
    expect(templateProblem("$(headers.a)/$(query_params.b)")).toBeUndefined();
    expect(templateProblem("$($(headers.a))")).toMatch("cannot parse");
  });
});

describe("a target with templates", () => {
  const target = { provider: "openai", model: "$(headers.x-model)", clientParams: false };
  const at = (upstream_url: string) => prepareTarget(openaiProvider, { ...target, options: { upstream_url } });

  test("is another for each request, nested options included", () => {
    const options = {
      upstream_url: "https://p.example/$(uri_captures.team)/x?t=$(query_params.tier)",
      a: { b: "$(headers.x-model)" },
    };
    const { endpoint, targetFor } = prepareTarget(openaiProvider, { ...target, options });
    expect(endpoint).toBeUndefined();
    expect(targetFor(given)).toMatchObject({
      model: "gpt-4o",
      options: { a: { b: "gpt-4o" } },
      endpoint: { origin: "https://p.example", path: "/red/x?t=a%20b" },
    });
  });

  test.each([
    "https://p.example/$(headers.x-up)/x",
    "https://p.example/a/$(headers.x-up)",
    "https://$(headers.x-host).p.example/",
  ])("a client cannot lead %s elsewhere", (url) => {
    expect(() => at(url).targetFor(given)).toThrow(RequestError);
  });

  test("what makes no host name is the client's mistake", () => {
    const options = { azure_instance: "$(headers.x-host)", azure_deployment_id: "d" };
    expect(() => prepareTarget(azureProvider, { ...target, options }).targetFor(given)).toThrow(
      expect.objectContaining({ code: "GW_REQUEST_INVALID" }),
    );
  });

  test("without templates it is told at once, and the same for all", () => {
    const { endpoint, targetFor } = prepareTarget(openaiProvider, { ...target, model: "m", options: {} });
    expect(endpoint).toEqual({ origin: "https://api.openai.com", path: "/v1/chat/completions" });
    expect(targetFor(given)).toBe(targetFor({ ...given, query: "" }));
  });
});

test("a request goes where its path, headers and query say, under the model that they name", async () => {
  const upstream = await startFakeUpstream({
    reply: (request) => request.answer(200, { "content-type": "application/json" }, '{"choices":[]}'),
  });
  const options = {
    azure_api_version: "",
    upstream_url: `${upstream.origin}/$(uri_captures.team)/chat?tier=$(query_params.tier)`,
  };
  const target = aiTarget("", { model: { provider: "openai", name: "$(headers.x-model)", options } });
  const config = aiConfig([target], { balancer: { algorithm: "round-robin" } });
  const gateway = await startAiGateway(config, { paths: ["~/of/(?<team>[^/]+)"] });
  try {
    const baseURL = `http://127.0.0.1:${gateway.port}/of/red%20team`;
    const client = new OpenAI({ apiKey: "none", baseURL, maxRetries: 0, defaultQuery: { tier: "gold" } });
    const asked = { model: "gpt-4o", messages: [{ role: "user" as const, content: "Hi" }] };
    const { response } = await client.chat.completions
      .create(asked, { headers: { "x-model": "gpt-4o" } })
      .withResponse();
    expect(response.headers.get("x-kong-llm-model")).toBe("openai/gpt-4o");
    expect(upstream.requests[0]?.path).toBe("/red%20team/chat?tier=gold&tier=gold");
    expect(JSON.parse(upstream.requests[0]?.body.toString() ?? "")).toMatchObject({ model: "gpt-4o" });
    await expect(client.chat.completions.create(asked)).rejects.toMatchObject({
      status: 400,
      message: expect.stringContaining("headers key x-model was not provided") as string,
    });
    expect(upstream.requests).toHaveLength(1);
  } finally {
    await gateway.close();
    await upstream.close();
  }
});
