import type { JsonObject } from "../core/json.ts";
import { type Kind, kinds } from "../config/kinds.ts";
import type { CollectionName, GatewayConfig } from "../config/types.ts";

/** One entity as the control side sees it: what it is, what it is called, and its fields. */
export interface Resource {
  readonly kind: Kind;
  readonly id: string;
  /** As decK prints it: `svc-a`, `ai-proxy-advanced for route chat`. */
  readonly label: string;
  readonly body: JsonObject;
}

/** The words of a plugin's label, in the order decK prints them. */
const scopes = [
  ["service", "services"],
  ["route", "routes"],
  ["consumer", "consumers"],
] as const satisfies readonly (readonly [string, CollectionName])[];

type NamesById = ReadonlyMap<string, string>;

/** Every entity, in the order of `kinds`; within a kind in the order of the configuration. */
export function listResources(config: GatewayConfig): readonly Resource[] {
  const names: NamesById = new Map(
    scopes.flatMap(([, collection]) =>
      bodiesOf(config, collection).map((body) => [idOf(body), nameOf(collection, body)]),
    ),
  );
  return kinds.flatMap((kind) =>
    bodiesOf(config, kind.collection).map((body) => ({
      kind,
      id: idOf(body),
      label: labelOf(kind, body, names),
      body,
    })),
  );
}

/** The entities of one collection as plain JSON: what comparing and printing work on. */
export function bodiesOf(config: GatewayConfig, collection: CollectionName): readonly JsonObject[] {
  return config[collection];
}

/** Empty where the field is absent or is not text. */
export function textOf(body: JsonObject, field: string): string {
  const value = body[field];
  return typeof value === "string" ? value : "";
}

export function idOf(body: JsonObject): string {
  return textOf(body, "id");
}

/** The id that the foreign key `field` points to, if it is set. */
export function referenceOf(body: JsonObject, field: string): string | undefined {
  const reference = body[field] as { readonly id: string } | null | undefined;
  return reference?.id;
}

function labelOf(kind: Kind, body: JsonObject, names: NamesById): string {
  return kind.collection === "plugins" ? pluginLabel(body, names) : nameOf(kind.collection, body);
}

function pluginLabel(body: JsonObject, names: NamesById): string {
  const parts = scopes.flatMap(([field]) => {
    const id = referenceOf(body, field);
    return id === undefined ? [] : [`${field} ${names.get(id) ?? id}`];
  });
  const name = textOf(body, "name");
  return parts.length === 0 ? `${name} (global)` : `${name} for ${parts.join(" and ")}`;
}

/** decK never labels a consumer by its custom_id. */
const labelFields: Readonly<Record<CollectionName, string>> = {
  services: "name",
  routes: "name",
  plugins: "name",
  vaults: "prefix",
  consumers: "username",
};

function nameOf(collection: CollectionName, body: JsonObject): string {
  return textOf(body, labelFields[collection]) || idOf(body);
}
