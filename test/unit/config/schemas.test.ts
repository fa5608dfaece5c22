import { describe, expect, it } from "vitest";
import { configSchema, entitySchemas, type FieldSchema, gatewaySchema } from "../../../src/config/schemas.ts";

const roots: [string, FieldSchema | undefined][] = [
  ["gateway", gatewaySchema],
  ...Object.entries(entitySchemas),
  ["ai-proxy-advanced", configSchema("plugins", "ai-proxy-advanced")],
  ["env", configSchema("vaults", "env")],
  ["hcv", configSchema("vaults", "hcv")],
];

function eachProperty(
  schema: FieldSchema | undefined,
  visit: (name: string, property: FieldSchema) => void,
  path = "",
): void {
  for (const [name, property] of Object.entries(schema?.properties ?? {})) {
    visit(`${path}${name}`, property);
    eachProperty(property, visit, `${path}${name}.`);
    eachProperty(property.items, visit, `${path}${name}[].`);
  }
}

describe.each(roots)("schema of %s", (_, root) => {
  it("describes every field, for editors", () => {
    const bare: string[] = [];
    eachProperty(root, (name, property) => {
      if (property.description === undefined) bare.push(name);
    });
    expect(bare).toEqual([]);
  });

  it("allows a vault reference wherever a secret stands", () => {
    const unreadable: string[] = [];
    eachProperty(root, (name, property) => {
      if (property["x-gw-sensitive"] === true && property["x-gw-referenceable"] !== true) unreadable.push(name);
    });
    expect(unreadable).toEqual([]);
  });

  it("marks every field that is named like a secret", () => {
    const open: string[] = [];
    eachProperty(root, (name, property) => {
      const isSecretName = /(?:password|secret|token|header_value|param_value|service_account_json)$/.test(name);
      if (isSecretName && property.type === "string" && property["x-gw-sensitive"] !== true) open.push(name);
    });
    expect(open).toEqual([]);
  });
});
