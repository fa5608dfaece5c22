import aiProxyAdvanced from "../../schemas/plugins/ai-proxy-advanced.schema.json" with { type: "json" };
import aiProxy from "../../schemas/plugins/ai-proxy.schema.json" with { type: "json" };
import aclPlugin from "../../schemas/plugins/acl.schema.json" with { type: "json" };
import correlationId from "../../schemas/plugins/correlation-id.schema.json" with { type: "json" };
import cors from "../../schemas/plugins/cors.schema.json" with { type: "json" };
import ipRestriction from "../../schemas/plugins/ip-restriction.schema.json" with { type: "json" };
import keyAuth from "../../schemas/plugins/key-auth.schema.json" with { type: "json" };
import rateLimiting from "../../schemas/plugins/rate-limiting.schema.json" with { type: "json" };
import requestSizeLimiting from "../../schemas/plugins/request-size-limiting.schema.json" with { type: "json" };
import requestTermination from "../../schemas/plugins/request-termination.schema.json" with { type: "json" };
import consumer from "../../schemas/consumer.schema.json" with { type: "json" };
import upstream from "../../schemas/upstream.schema.json" with { type: "json" };
import target from "../../schemas/target.schema.json" with { type: "json" };
import certificate from "../../schemas/certificate.schema.json" with { type: "json" };
import caCertificate from "../../schemas/ca-certificate.schema.json" with { type: "json" };
import sni from "../../schemas/sni.schema.json" with { type: "json" };
import consumerGroup from "../../schemas/consumer-group.schema.json" with { type: "json" };
import consumerGroupConsumer from "../../schemas/consumer-group-consumer.schema.json" with { type: "json" };
import acl from "../../schemas/acl.schema.json" with { type: "json" };
import keyauthCredential from "../../schemas/keyauth-credential.schema.json" with { type: "json" };
import basicauthCredential from "../../schemas/basicauth-credential.schema.json" with { type: "json" };
import hmacauthCredential from "../../schemas/hmacauth-credential.schema.json" with { type: "json" };
import jwtSecret from "../../schemas/jwt-secret.schema.json" with { type: "json" };
import oauth2Credential from "../../schemas/oauth2-credential.schema.json" with { type: "json" };
import mtlsAuthCredential from "../../schemas/mtls-auth-credential.schema.json" with { type: "json" };
import filterChain from "../../schemas/filter-chain.schema.json" with { type: "json" };
import keptEntity from "../../schemas/kept-entity.schema.json" with { type: "json" };
import gateway from "../../schemas/gateway.schema.json" with { type: "json" };
import plugin from "../../schemas/plugin.schema.json" with { type: "json" };
import route from "../../schemas/route.schema.json" with { type: "json" };
import service from "../../schemas/service.schema.json" with { type: "json" };
import vault from "../../schemas/vault.schema.json" with { type: "json" };
import envVault from "../../schemas/vaults/env.schema.json" with { type: "json" };
import fileVault from "../../schemas/vaults/file.schema.json" with { type: "json" };
import hcvVault from "../../schemas/vaults/hcv.schema.json" with { type: "json" };
import type { Json } from "../core/json.ts";
import { ofKept } from "./kept-collections.ts";
import type { CollectionName } from "./types.ts";

/** The part of JSON Schema that gw looks into at run time; the validators are generated. References are resolved. */
export interface FieldSchema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: Json;
  readonly enum?: readonly Json[];
  readonly properties?: Readonly<Record<string, FieldSchema>>;
  readonly patternProperties?: Readonly<Record<string, FieldSchema>>;
  readonly items?: FieldSchema;
  readonly additionalProperties?: boolean | FieldSchema;
  /** Holds a secret: masked wherever it is shown, kept as an expression in GatewayConfig. */
  readonly "x-gw-sensitive"?: true;
  /** May hold a `{vault://…}` reference, which is read when the value is needed. */
  readonly "x-gw-referenceable"?: true;
  readonly "x-gw-foreign"?: CollectionName;
  /** Exists in files only: nested collections and shorthands. */
  readonly "x-gw-file-only"?: true;
  /** A free object whose schema is found by the `name` beside it. */
  readonly "x-gw-config"?: "plugins" | "vaults";
}

type Raw = Readonly<Record<string, unknown>>;

const resolved = new Map<Raw, FieldSchema>();

const files: Readonly<Record<string, Raw>> = {
  "service.schema.json": service,
  "route.schema.json": route,
  "plugin.schema.json": plugin,
  "vault.schema.json": vault,
  "consumer.schema.json": consumer,
  "mtls-auth-credential.schema.json": mtlsAuthCredential,
  "oauth2-credential.schema.json": oauth2Credential,
  "jwt-secret.schema.json": jwtSecret,
  "hmacauth-credential.schema.json": hmacauthCredential,
  "basicauth-credential.schema.json": basicauthCredential,
  "keyauth-credential.schema.json": keyauthCredential,
  "acl.schema.json": acl,
  "consumer-group-consumer.schema.json": consumerGroupConsumer,
  "consumer-group.schema.json": consumerGroup,
  "sni.schema.json": sni,
  "ca-certificate.schema.json": caCertificate,
  "certificate.schema.json": certificate,
  "target.schema.json": target,
  "upstream.schema.json": upstream,
  "filter-chain.schema.json": filterChain,
  "kept-entity.schema.json": keptEntity,
};

/** For editors, `gw schema` and the checks of a whole document. */
export const gatewaySchema: FieldSchema = resolve(gateway);

export const entitySchemas: Readonly<Record<CollectionName, FieldSchema>> = {
  services: resolve(service),
  routes: resolve(route),
  plugins: resolve(plugin),
  vaults: resolve(vault),
  consumers: resolve(consumer),
  mtls_auth_credentials: resolve(mtlsAuthCredential),
  oauth2_credentials: resolve(oauth2Credential),
  jwt_secrets: resolve(jwtSecret),
  hmacauth_credentials: resolve(hmacauthCredential),
  basicauth_credentials: resolve(basicauthCredential),
  keyauth_credentials: resolve(keyauthCredential),
  acls: resolve(acl),
  consumer_group_consumers: resolve(consumerGroupConsumer),
  consumer_groups: resolve(consumerGroup),
  snis: resolve(sni),
  ca_certificates: resolve(caCertificate),
  certificates: resolve(certificate),
  targets: resolve(target),
  upstreams: resolve(upstream),
  filter_chains: resolve(filterChain),
  ...ofKept(resolve(keptEntity)),
};

const configSchemas: Readonly<Record<"plugins" | "vaults", ReadonlyMap<string, Raw>>> = {
  plugins: new Map<string, Raw>([
    ["ai-proxy-advanced", aiProxyAdvanced],
    ["ai-proxy", aiProxy],
    ["acl", aclPlugin],
    ["correlation-id", correlationId],
    ["cors", cors],
    ["ip-restriction", ipRestriction],
    ["key-auth", keyAuth],
    ["rate-limiting", rateLimiting],
    ["request-size-limiting", requestSizeLimiting],
    ["request-termination", requestTermination],
  ]),
  vaults: new Map<string, Raw>([
    ["env", envVault],
    ["hcv", hcvVault],
    ["file", fileVault],
  ]),
};

/** The schema of the `config` of a plugin or vault; undefined for one that gw does not know. */
export function configSchema(collection: "plugins" | "vaults", name: Json | undefined): FieldSchema | undefined {
  const schema = typeof name === "string" ? configSchemas[collection].get(name) : undefined;
  return schema && resolve(schema);
}

/** Plugins or vaults whose settings gw knows. */
export function configNames(collection: "plugins" | "vaults"): readonly string[] {
  return [...configSchemas[collection].keys()];
}

/** The schema of a member of an object: of a property, or of any further one. */
export function memberSchema(schema: FieldSchema | undefined, key: string): FieldSchema | undefined {
  if (schema?.properties !== undefined && Object.hasOwn(schema.properties, key)) return schema.properties[key];
  return typeof schema?.additionalProperties === "object" ? schema.additionalProperties : undefined;
}

/** Schemas refer to one another without cycles, so references can be replaced by what they mean. */
function resolve(root: Raw): FieldSchema {
  const known = resolved.get(root);
  if (known !== undefined) return known;
  const visit = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(visit);
    if (typeof value !== "object" || value === null) return value;
    const reference = "$ref" in value ? value.$ref : undefined;
    if (typeof reference === "string")
      return reference.startsWith("#") ? visit(follow(root, reference)) : resolve(files[reference] ?? {});
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, member]) =>
        key === "allOf" || key === "$defs" ? [] : [[key, visit(member)]],
      ),
    );
  };
  const schema = visit(root) as FieldSchema;
  resolved.set(root, schema);
  return schema;
}

function follow(root: Raw, reference: string): unknown {
  let value: unknown = root;
  for (const part of reference.slice(2).split("/")) value = (value as Raw)[part];
  return value;
}
