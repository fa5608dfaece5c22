import { configNames, configSchema, type FieldSchema, gatewaySchema } from "./schemas.ts";

/** The whole format as one JSON Schema without references, for editors: plugins and vaults by their names. */
export function editorSchema(): object {
  return { $schema: "https://json-schema.org/draft/2020-12/schema", ...withConfigs(gatewaySchema) };
}

function withConfigs(schema: FieldSchema): object {
  const { properties, items, ...rest } = schema;
  const config = properties?.["config"]?.["x-gw-config"];
  return {
    ...rest,
    ...(items === undefined ? {} : { items: withConfigs(items) }),
    ...(properties === undefined ? {} : { properties: mapValues(properties, withConfigs) }),
    ...(config === undefined ? {} : { allOf: configNames(config).map((name) => configFor(config, name)) }),
  };
}

function configFor(collection: "plugins" | "vaults", name: string): object {
  return {
    if: { properties: { name: { const: name } }, required: ["name"] },
    // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema
    then: { properties: { config: configSchema(collection, name) ?? {} } },
  };
}

function mapValues<T, U>(record: Readonly<Record<string, T>>, change: (value: T) => U): Readonly<Record<string, U>> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}
