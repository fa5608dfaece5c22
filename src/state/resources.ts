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
  ["consumer_group", "consumer_groups"],
  ["upstream", "upstreams"],
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
  switch (kind.collection) {
    case "plugins":
      return pluginLabel(body, names);
    case "targets":
      return `${textOf(body, "target")} for upstream ${referredName(body, "upstream", names)}`;
    case "consumer_group_consumers":
      return `${referredName(body, "consumer", names)} in ${referredName(body, "consumer_group", names)}`;
    default:
      if (kind.references["consumer"] === undefined) return nameOf(kind.collection, body);
      return `${nameOf(kind.collection, body)} for consumer ${referredName(body, "consumer", names)}`;
  }
}

function pluginLabel(body: JsonObject, names: NamesById): string {
  const parts = scopes.flatMap(([field]) =>
    referenceOf(body, field) === undefined ? [] : [`${scopeWord(field)} ${referredName(body, field, names)}`],
  );
  const name = textOf(body, "name");
  return parts.length === 0 ? `${name} (global)` : `${name} for ${parts.join(" and ")}`;
}

function scopeWord(field: string): string {
  return field === "consumer_group" ? "consumer-group" : field;
}

function referredName(body: JsonObject, field: string, names: NamesById): string {
  const id = referenceOf(body, field) ?? "";
  return names.get(id) ?? id;
}

/**
 * What decK prints where it is not the name, but for keys: it shows the last five characters of the secret, and here the id stands
 * for it. decK never labels a consumer by its custom_id.
 */
const labelFields: Readonly<Partial<Record<CollectionName, string>>> = {
  vaults: "prefix",
  consumers: "username",
  acls: "group",
  basicauth_credentials: "username",
  hmacauth_credentials: "username",
  jwt_secrets: "key",
  mtls_auth_credentials: "subject_name",
};

function nameOf(collection: CollectionName, body: JsonObject): string {
  return textOf(body, labelFields[collection] ?? "name") || idOf(body);
}
