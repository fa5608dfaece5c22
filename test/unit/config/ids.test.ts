import { describe, expect, it } from "vitest";
import { deterministicId, pluginKey } from "../../../src/config/ids.ts";

/** The ids that go-kong's own tests expect (kong/ids_test.go). */
describe("deterministicId", () => {
  it.each([
    ["services", "some.service.name", "d9bee1f8-db6e-5a37-9281-fd4aca16dc00"],
    ["routes", "some.service.name", "7f0753cd-bff2-5f74-85b0-e8e2057d9500"],
    ["consumers", "some.username", "782780c4-d345-5682-bdf6-722dccaf93e0"],
    ["vaults", "test-env", "837665c3-856f-5ca2-9db4-52a1cf8a32be"],
  ] as const)("gives %s %s the id that go-kong gives it", (collection, name, id) => {
    expect(deterministicId(collection, name)).toBe(id);
  });

  it.each([
    [{}, "f0f8012b-f709-5685-9812-0130e5d83c5a"],
    [{ service: "service-1" }, "b0df9683-8b2f-5557-8b66-204b1529ed7f"],
    [{ consumer: "consumer-1", route: "route-1" }, "d6a8d8fd-f156-5809-a2d0-c75b23db07a5"],
  ])("gives a plugin with the scope %j the id that go-kong gives it", (scope, id) => {
    expect(deterministicId("plugins", pluginKey("rate-limiting", scope))).toBe(id);
  });
});
