import { inspect } from "node:util";
import { expect, test } from "vitest";
import type { UpstreamRequest } from "../../src/core/http-message.ts";
import { Secret } from "../../src/core/secret.ts";
import { parseChatRequest } from "../../src/llm/chat.ts";
import type { ProviderDriver, ProviderTarget } from "../../src/llm/provider.ts";

/** What every provider of the catalogue keeps. `options` are the least that its endpoint needs. */
export function providerContract(driver: ProviderDriver, options: ProviderTarget["options"] = {}): void {
  const call = parseChatRequest(Buffer.from('{"model":"from-client","messages":[{"role":"user","content":"hello"}]}'));
  const target: ProviderTarget = {
    provider: driver.name,
    model: "configured",
    options,
    clientParams: false,
    endpoint: driver.endpoint(options, "configured"),
  };
  const request = (): UpstreamRequest => driver.buildChat(call, target).request;
  const canary = new Secret("marked-credential");

  test("has an https endpoint of its own", () => {
    expect(target.endpoint.origin).toMatch(/^https:\/\//);
    expect(target.endpoint.path).toMatch(/^\//);
  });

  test("upstream_url replaces scheme, host, port and path", () => {
    const endpoint = driver.endpoint({ ...options, upstream_url: "http://127.0.0.9:81/x/y?z=1" }, "configured");
    expect(endpoint).toEqual({ origin: "http://127.0.0.9:81", path: "/x/y?z=1" });
  });

  test.each(["api.example.com/v1", "/v1", "ftp://a/b", "https://user:pass@host/v1", ""])(
    "refuses the upstream_url %j",
    (url) => {
      expect(() => driver.endpoint({ ...options, upstream_url: url }, "configured")).toThrow(
        expect.objectContaining({ code: "GW_CONFIG_INVALID" }),
      );
    },
  );

  test("builds a POST with a body and no credential, and never changes what it was given", () => {
    const before = call.bytes.toString();
    expect(request()).toMatchObject({ method: "POST", origin: target.endpoint.origin });
    expect(call.bytes.toString()).toBe(before);
    expect(inspect(request(), { depth: null }).toLowerCase()).not.toContain("authorization");
  });

  test("puts a credential where it is told, over the client's", () => {
    const withClients = {
      ...request(),
      headers: ["x-api-key", "client's", "accept", "*/*", "X-API-Key", "again"],
      path: "/v1?key=client&a=1",
    };
    const inHeader = driver.authorize(withClients, { in: "header", name: "X-Api-Key" }, canary);
    expect(inHeader.headers).toEqual(["accept", "*/*", "X-Api-Key", "marked-credential"]);
    const inQuery = driver.authorize(withClients, { in: "query", name: "key" }, canary);
    expect(new URLSearchParams(inQuery.path.split("?")[1]).getAll("key")).toEqual(["marked-credential"]);
    expect(inQuery.path).toContain("a=1");
    const inBody = driver.authorize(
      { ...request(), body: Buffer.from('{"key":"client","a":1}') },
      { in: "body", name: "key" },
      canary,
    );
    expect(JSON.parse((inBody.body as Buffer).toString())).toEqual({ key: "marked-credential", a: 1 });
  });
}
