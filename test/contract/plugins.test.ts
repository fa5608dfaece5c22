import { describe, expect, it } from "vitest";
import { plugins } from "../../src/catalogue.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { pluginContract } from "./plugin.contract.ts";

/** Of each plugin of the catalogue but the AI plugins, which need a provider: their tests are in test/unit/plugins/. */
const leastConfigs: Readonly<Record<string, JsonObject>> = {
  acl: { deny: ["none"] },
  "correlation-id": {},
  cors: {},
  "ip-restriction": { deny: ["192.0.2.1"] },
  "key-auth": {},
  "rate-limiting": { minute: 100 },
  "request-size-limiting": {},
  "request-termination": {},
};

const loaded = await Promise.all(
  Object.entries(leastConfigs).map(async ([name, config]) => {
    const definition = await plugins[name]?.();
    if (definition === undefined) throw new Error(`The catalogue has no plugin ${name}.`);
    return { name, definition, config };
  }),
);

it("has every plugin of the catalogue", () => {
  const others = Object.keys(plugins).filter((name) => !name.startsWith("ai-"));
  expect(Object.keys(leastConfigs).sort()).toEqual(others.sort());
});

describe.each(loaded)("$name", (plugin) => pluginContract(plugin));
