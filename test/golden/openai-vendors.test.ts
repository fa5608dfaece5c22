import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { providers } from "../../src/catalogue.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { parseChatRequest } from "../../src/llm/chat.ts";
import { azureProvider } from "../../src/llm/providers/azure.ts";
import { llama2Provider } from "../../src/llm/providers/llama2.ts";
import { vendorProviders } from "../../src/llm/providers/openai-compatible-vendors.ts";

const folder = "fixtures/llm/vendors";
const vendors = [azureProvider, llama2Provider, ...Object.values(vendorProviders)];

interface VendorFixture {
  readonly options: JsonObject;
  readonly expected: { readonly origin: string; readonly path: string };
}

function fixtureOf(name: string): VendorFixture {
  return JSON.parse(readFileSync(`${folder}/${name}.json`, "utf8")) as VendorFixture;
}

test("every vendor has one fixture, and is in the catalogue", () => {
  expect(
    readdirSync(folder)
      .map((file) => file.replace(".json", ""))
      .sort(),
  ).toEqual(vendors.map(({ name }) => name).sort());
  for (const vendor of vendors) expect(providers[vendor.name]).toBe(vendor);
});

describe.each(vendors)("$name", (driver) => {
  const { options, expected } = fixtureOf(driver.name);

  test("sends the client's bytes, with model and stream, to the place that its reference names", () => {
    const target = {
      provider: driver.name,
      model: "configured",
      options,
      clientParams: false,
      endpoint: driver.endpoint(options, "configured"),
    };
    const body = '{"messages":[{"role":"user","content":"hi"}], "seed": 1.0}';
    const { request, warnings } = driver.buildChat(parseChatRequest(Buffer.from(body)), target);
    expect({ origin: request.origin, path: request.path }).toEqual(expected);
    expect((request.body as Buffer).toString()).toBe(`${body.slice(0, -1)},"model":"configured","stream":false}`);
    expect(warnings).toEqual([]);
  });
});

test.each([
  ["azure", { azure_deployment_id: "d" }],
  ["azure", { azure_instance: "evil.example/", azure_deployment_id: "d" }],
  ["azure", { azure_instance: "i", azure_deployment_id: ".." }],
  ["databricks", {}],
  ["databricks", { databricks: { workspace_instance_id: "a@b" } }],
  ["vllm", {}],
])("%s refuses the options %j", (name, options) => {
  expect(() => providers[name]?.endpoint(options, undefined)).toThrow(
    expect.objectContaining({ code: "GW_CONFIG_INVALID" }),
  );
});

test.each([
  ["http://127.0.0.1/x", "/x?api-version=v"],
  ["http://127.0.0.1/x?y=1", "/x?y=1&api-version=v"],
  ["http://127.0.0.1/x?api-version=own", "/x?api-version=own"],
])("azure adds its api-version to the upstream_url %s", (url, path) => {
  expect(azureProvider.endpoint({ upstream_url: url, azure_api_version: "v" }, undefined).path).toBe(path);
});
