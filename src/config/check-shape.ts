import type { ErrorObject } from "ajv";
import { didYouMean } from "../core/did-you-mean.ts";
import type { Json, JsonObject } from "../core/json.ts";
import type { Draft, Finding } from "./draft.ts";
import { dropNulls } from "./defaults.ts";
import { schemaAt } from "./fields.ts";
import * as validators from "./generated/validators.js";
import { ofKept } from "./kept-collections.ts";
import { parsePointer, type Path, printPath } from "./path.ts";
import { configSchema, type FieldSchema } from "./schemas.ts";
import type { CollectionName } from "./types.ts";
import { unsupportedKeys } from "./unsupported.ts";

const validatorOf = {
  services: validators.service,
  routes: validators.route,
  plugins: validators.plugin,
  vaults: validators.vault,
  consumers: validators.consumer,
  upstreams: validators.upstream,
  targets: validators.target,
  certificates: validators.certificate,
  ca_certificates: validators.caCertificate,
  snis: validators.sni,
  consumer_groups: validators.consumerGroup,
  consumer_group_consumers: validators.consumerGroupConsumer,
  acls: validators.acl,
  keyauth_credentials: validators.keyauthCredential,
  basicauth_credentials: validators.basicauthCredential,
  hmacauth_credentials: validators.hmacauthCredential,
  jwt_secrets: validators.jwtSecret,
  oauth2_credentials: validators.oauth2Credential,
  mtls_auth_credentials: validators.mtlsAuthCredential,
  filter_chains: validators.filterChain,
  ...ofKept(validators.keptEntity),
} as const satisfies Record<CollectionName, unknown>;

/** What is wrong with the entity by its schema, the `config` of a known plugin or vault included. Values are never quoted, but for words of a closed list. */
export function checkShape(draft: Draft): readonly Finding[] {
  const { collection } = draft;
  const value = withoutConfigNulls(collection, draft.value);
  const validate = validatorOf[collection];
  const findings = validate(value)
    ? []
    : distinct(validate.errors ?? []).flatMap((error) => explain(error, collection, value));
  return [...findings, ...checkIdentity(draft)];
}

/** Null is legal inside the config of plugins and vaults, where it means "not given". */
export function withoutConfigNulls(collection: CollectionName, value: JsonObject): JsonObject {
  if (collection !== "plugins" && collection !== "vaults") return value;
  if (value["config"] === undefined || configSchema(collection, value["name"]) === undefined) return value;
  return { ...value, config: dropNulls(value["config"]) };
}

/** Of these an entity needs at least one. */
const eitherOf: Readonly<Partial<Record<CollectionName, readonly string[]>>> = {
  services: ["name", "id"],
  routes: ["name", "id"],
  consumers: ["username", "custom_id"],
  filter_chains: ["service", "route"],
  ...ofKept(["name", "id"]),
};

function checkIdentity({ collection, value }: Draft): readonly Finding[] {
  const keys = eitherOf[collection];
  if (keys === undefined || keys.some((key) => Object.hasOwn(value, key))) return [];
  return [{ severity: "error", code: "required-key", message: `needs the key "${keys.join('" or "')}".`, path: [] }];
}

/** What is wrong with one value is told once; missing and unknown keys are told each. */
function distinct(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const seen = new Map<string, ErrorObject>();
  for (const error of errors) {
    const isAboutKey = error.keyword === "required" || error.keyword === "additionalProperties";
    const key = `${error.instancePath} ${isAboutKey ? JSON.stringify(error.params) : ""}`;
    if (!seen.has(key)) seen.set(key, error);
  }
  return [...seen.values()];
}

/** `if` only says that the schema behind `then` did not fit, which has errors of its own. */
function explain(error: ErrorObject, collection: CollectionName, value: JsonObject): readonly Finding[] {
  const path = parsePointer(error.instancePath);
  const name = path.length === 0 ? "" : printPath(path);
  const of = name === "" ? "" : ` of ${name}`;
  const schema = schemaAt(collection, value, path);
  const finding = (code: Finding["code"], message: string, more: Partial<Finding> = {}): readonly Finding[] => [
    { severity: "error", code, message, path, ...more },
  ];
  const hint = schema?.description === undefined ? {} : { fix: schema.description };
  const { params, keyword } = error;
  switch (keyword) {
    case "if":
      return [];
    case "additionalProperties":
      return unknownKey(
        String(params["additionalProperty"]),
        path,
        of,
        collection,
        Object.keys(schema?.properties ?? {}),
      );
    case "required":
      return finding(
        "required-key",
        `needs the key "${String(params["missingProperty"])}"${name === "" ? "" : ` in ${name}`}.`,
      );
    case "type":
      return finding(
        "wrong-type",
        `${name} must be ${printTypes(params["type"], schema)}, and is ${typeName(valueAt(value, path))}.`,
        hint,
      );
    case "enum":
      return finding(
        "bad-value",
        `${name} must be one of ${printList(params["allowedValues"])}.${suggest(valueAt(value, path), params["allowedValues"])}`,
      );
    case "minimum":
    case "maximum":
    case "exclusiveMinimum":
      return finding("bad-value", `${name} must be ${printBound(keyword)} ${String(params["limit"])}.`, hint);
    case "minLength":
    case "minItems":
    case "minProperties":
      return finding("bad-value", `${name} must not be empty.`, hint);
    case "maxProperties":
      return finding("bad-value", `${name} must have "name" or "id", not both.`);
    case "uniqueItems":
      return finding("bad-value", `${name} holds the same value twice.`);
    default:
      if (Array.isArray(schema?.type))
        return finding("wrong-type", `${name} must be ${printTypes(schema.type, schema)}.`, hint);
      return finding("bad-value", `${name} does not have the form it needs.`, hint);
  }
}

function unknownKey(
  key: string,
  path: Path,
  of: string,
  collection: CollectionName,
  known: readonly string[],
): readonly Finding[] {
  const at = { severity: "error", path: [...path, key], isAboutKey: true } as const;
  if (path.length === 0 && unsupportedKeys[collection]?.has(key) === true) {
    return [{ ...at, code: "not-supported", message: `the key "${key}" is not supported by this version.` }];
  }
  return [{ ...at, code: "unknown-key", message: `the key "${key}"${of} is not known.${didYouMean(key, known)}` }];
}

function valueAt(value: Json, path: Path): unknown {
  let current: unknown = value;
  for (const part of path)
    current = typeof current === "object" && current !== null ? (current as JsonObject)[String(part)] : undefined;
  return current;
}

const typeNames: Readonly<Record<string, string>> = {
  string: "text",
  integer: "an integer",
  number: "a number",
  boolean: "true or false",
  array: "a list",
  object: "a mapping",
};

/** A number that may be a reference is text only as a reference. */
function printTypes(types: unknown, schema: FieldSchema | undefined): string {
  const isReferenceable = schema?.["x-gw-referenceable"] === true && Array.isArray(types);
  const names: Readonly<Record<string, string>> = isReferenceable
    ? { ...typeNames, string: "a {vault://…} reference" }
    : typeNames;
  return [types]
    .flat()
    .map((type) => names[String(type)] ?? String(type))
    .join(" or ");
}

function typeName(value: unknown): string {
  if (value === null) return "empty";
  if (Array.isArray(value)) return "a list";
  return (
    { string: "text", number: "a number", boolean: "true or false", object: "a mapping" }[typeof value as string] ??
    "something else"
  );
}

function printList(values: unknown): string {
  return Array.isArray(values) ? values.map(String).join(", ") : String(values);
}

function suggest(value: unknown, allowed: unknown): string {
  return typeof value === "string" && Array.isArray(allowed) ? didYouMean(value, allowed.map(String)) : "";
}

function printBound(keyword: "minimum" | "maximum" | "exclusiveMinimum"): string {
  return { minimum: "at least", maximum: "at most", exclusiveMinimum: "more than" }[keyword];
}
