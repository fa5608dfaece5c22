import * as fc from "fast-check";
import { kinds } from "../../src/config/kinds.ts";
import type { GatewayConfig } from "../../src/config/types.ts";
import type { JsonObject } from "../../src/core/json.ts";
import { bodiesOf, idOf } from "../../src/state/resources.ts";
import { gatewayConfig } from "./gateway-config.ts";

const uuid = (group: string, number: number): string =>
  `${group}0000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
/** Few ids, so that two generated configurations share entities. */
const ids = (group: string): fc.Arbitrary<string> =>
  fc.integer({ min: 0, max: 5 }).map((number) => uuid(group, number));
const names = fc.constantFrom("alpha", "beta", "gamma", "delta");
const tags = fc.option(fc.uniqueArray(names, { maxLength: 3 }), { nil: undefined });
/** What survives being stored: JSON has no `undefined` and no `-0`. */
const config = fc
  .dictionary(fc.string(), fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
  .map((value) => JSON.parse(JSON.stringify(value)) as JsonObject);

const reference = (group: string): fc.Arbitrary<JsonObject | null> => fc.option(ids(group).map((id) => ({ id })));

const service = fc.record(
  { id: ids("1"), name: names, host: fc.domain(), port: fc.integer(), tags },
  { requiredKeys: ["id"] },
);
const route = fc.record(
  { id: ids("2"), name: names, service: reference("1"), paths: fc.uniqueArray(fc.webPath(), { maxLength: 3 }), tags },
  { requiredKeys: ["id"] },
);
const plugin = fc.record(
  { id: ids("3"), name: names, service: reference("1"), route: reference("2"), config, tags },
  { requiredKeys: ["id"] },
);
const vault = fc.record({ id: ids("4"), name: names, prefix: names, config, tags }, { requiredKeys: ["id"] });
const consumer = fc.record({ id: ids("5"), username: names, custom_id: names, tags }, { requiredKeys: ["id"] });

const list = <T extends { id: string }>(entity: fc.Arbitrary<T>): fc.Arbitrary<JsonObject[]> =>
  fc
    .uniqueArray(entity, { maxLength: 5, selector: ({ id }) => id })
    .map((entities) => JSON.parse(JSON.stringify(entities)) as JsonObject[]);

/** References may dangle and names may repeat: planning must not care. */
export const arbitraryConfig: fc.Arbitrary<GatewayConfig> = fc
  .record({
    services: list(service),
    routes: list(route),
    plugins: list(plugin),
    vaults: list(vault),
    consumers: list(consumer),
  })
  .map(gatewayConfig);

/** The same configuration for every order of lists and of set-like fields; empty sets are absent. */
export function canonical(given: GatewayConfig): unknown {
  return kinds.map((kind) =>
    bodiesOf(given, kind.collection)
      .map((body) => Object.entries(body).map(([key, value]) => [key, kind.sets.includes(key) ? toSet(value) : value]))
      .map((fields) => Object.fromEntries(fields.filter(([, value]) => value !== undefined)) as JsonObject)
      .toSorted((a, b) => (idOf(a) < idOf(b) ? -1 : 1)),
  );
}

function toSet(value: unknown): unknown {
  return Array.isArray(value) && value.length > 0 ? [...new Set(value.map(String))].toSorted() : undefined;
}
