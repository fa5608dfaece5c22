import { generateKeyPairSync } from "node:crypto";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { Readable } from "node:stream";
import { afterAll, beforeAll, expect, it } from "vitest";
import { pluginChecks } from "../../src/catalogue.ts";
import { createWiring } from "../../src/cli/wire.ts";
import { checkConfig } from "../../src/config/load.ts";
import { configNames, configSchema, entitySchemas, type FieldSchema } from "../../src/config/schemas.ts";
import { secretReferences } from "../../src/config/secret-references.ts";
import type { CollectionName } from "../../src/config/types.ts";
import type { JsonObject } from "../../src/core/json.ts";
import type { Plugin } from "../../src/plugins/plugin.ts";
import { servePlugin } from "../support/plugin-server.ts";

const REFERENCE = "{vault://env/marked}";
const ID = "6d5b2a3e-0000-4000-8000-000000000001";
const ENVIRONMENT = { MARKED: "marked" };
/** Nobody is there, so nothing takes longer than to find that out. */
let closed: { readonly host: string; readonly port: number };

beforeAll(async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.61.7.1", resolve));
  closed = { host: "127.61.7.1", port: (server.address() as AddressInfo).port };
  await new Promise((resolve) => server.close(resolve));
});

/** Asks whoever comes for a password, as Postgres does, and hears no more. */
let postgres: { readonly host: string; readonly port: number };
const opened: (() => Promise<void>)[] = [];

beforeAll(async () => {
  const askForPassword = Buffer.from([0x52, 0, 0, 0, 8, 0, 0, 0, 3]);
  const server = createTcpServer((socket) => {
    socket
      .on("error", () => {})
      .once("data", () => {
        socket.write(askForPassword);
        socket.once("data", () => socket.destroy());
      });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.61.7.1", resolve));
  opened.push(async () => void server.close());
  postgres = { host: "127.61.7.1", port: (server.address() as AddressInfo).port };
});

afterAll(async () => {
  for (const close of opened) await close();
});

/** Dotted paths of the fields whose schema says that they may hold a reference. */
function referenceable(schema: FieldSchema | undefined, path: readonly string[] = []): readonly string[] {
  if (schema === undefined) return [];
  const own = schema["x-gw-referenceable"] === true ? [path.join(".")] : [];
  const { properties = {}, items } = schema;
  const members = Object.entries(properties).flatMap(([name, member]) => referenceable(member, [...path, name]));
  return [...own, ...members, ...referenceable(items, [...path, "0"])];
}

const fields = configNames("plugins").flatMap((name) =>
  referenceable(configSchema("plugins", name)).map((path) => [name, path] as const),
);

it.each(fields)("of the plugin %s the reference in %s is read, or validate says that it is not", async (name, path) => {
  const { findings, config } = await check({ plugins: [{ name, config: place(sceneOf(name, path), path) }] });
  if (isRefused(findings, path)) return;
  expect(findings.filter(({ severity }) => severity === "error")).toEqual([]);
  if (config === undefined) throw new Error("The configuration was not loaded.");
  expect(secretReferences(config)).toContain(REFERENCE);
  expect(await referencesAsked(config)).toContain(REFERENCE);
});

const entities = Object.entries(entitySchemas).flatMap(([collection, schema]) =>
  // What is nested in a consumer has a collection of its own.
  referenceable(schema).flatMap((path) => (path.includes(".") ? [] : [[collection as CollectionName, path] as const])),
);

it.each(entities)(
  "the reference in %s, %s, is one that serving needs, or validate says that it is not run",
  async (collection, path) => {
    const entity = { [path]: REFERENCE, ...others(collection, path) };
    const { findings, config } = await check(documentOf(collection, entity));
    const isLoud = findings.some(({ code }) => code === "not-run" || code === "not-supported");
    if (!isLoud) expect(config && secretReferences(config)).toContain(REFERENCE);
  },
);

it("the reference in a vault that is needed is one that serving needs, and of one that is not none", async () => {
  const vault = (prefix: string, token: string): object => ({
    name: "hcv",
    prefix,
    config: { token, gw: {} },
  });
  const { config } = await check({
    vaults: [
      vault("first", "{vault://second/token/key}"),
      vault("second", REFERENCE),
      vault("third", "{vault://env/other}"),
    ],
    consumers: [{ username: "ada", keyauth_credentials: [{ key: "{vault://first/ada/key}" }] }],
  });
  expect(config && [...secretReferences(config)].sort()).toEqual(
    [REFERENCE, "{vault://first/ada/key}", "{vault://second/token/key}"].sort(),
  );
});

it("the reference of a plugin that is off is none that serving needs", async () => {
  const plugin = {
    name: "rate-limiting",
    enabled: false,
    config: { minute: 1, policy: "redis", redis: { password: REFERENCE } },
  };
  const { config } = await check({ plugins: [plugin] });
  expect(config && secretReferences(config)).toEqual([]);
});

/** Where the entity stands in a file, and who needs it. */
function documentOf(collection: CollectionName, entity: JsonObject): object {
  if (ownedByConsumers.has(collection)) return { consumers: [{ username: "ada", [collection]: [entity] }] };
  const client_certificate = { id: ID };
  const services = [
    { name: "s", url: "https://127.61.7.1:9", client_certificate, routes: [{ name: "r", paths: ["/"] }] },
  ];
  return { [collection]: [entity], ...(collection === "certificates" ? { services } : {}) };
}

const ownedByConsumers: ReadonlySet<string> = new Set([
  "keyauth_credentials",
  "basicauth_credentials",
  "hmacauth_credentials",
  "jwt_secrets",
  "oauth2_credentials",
]);

/** What else such an entity needs. */
function others(collection: CollectionName, path: string): JsonObject {
  const fields: Partial<Record<CollectionName, JsonObject>> = {
    basicauth_credentials: { username: "ada" },
    hmacauth_credentials: { username: "ada" },
    jwt_secrets: { key: "ada" },
    oauth2_credentials: { name: "app", client_id: "app" },
    certificates: { id: ID, cert: REFERENCE, key: REFERENCE },
  };
  return Object.fromEntries(Object.entries(fields[collection] ?? {}).filter(([name]) => name !== path));
}

/** A configuration in which the field matters. */
function sceneOf(plugin: string, path: string): JsonObject {
  if (plugin === "rate-limiting")
    return {
      minute: 5,
      policy: "redis",
      redis: { ...closed, timeout: 500, ssl: path.endsWith("server_name"), password: "x" },
    };
  if (plugin !== "ai-proxy") return aiScene(path);
  // Its settings are those of one target.
  const { targets } = aiScene(`targets.0.${path}`) as { targets: [JsonObject] };
  const { description: _, ...target } = targets[0];
  return target;
}

function aiScene(path: string): JsonObject {
  const origin = `http://${closed.host}:${closed.port}`;
  const auth = /\.param_/.test(path)
    ? { param_name: "key", param_value: "x", param_location: "query" }
    : { header_name: "Authorization", header_value: "x" };
  const owner = /\.(aws|azure|gcp)_/.exec(path)?.[1];
  const cloud = owner === undefined ? undefined : cloudOf(owner, path);
  const openai = { provider: "openai", name: "m", options: { upstream_url: `${origin}/v1/chat/completions` } };
  const isOfTarget = path.startsWith("targets");
  const embedding = {
    provider: "openai",
    name: "text-embedding-3-small",
    options: { upstream_url: `${origin}/v1/embeddings` },
  };
  const strategy = path.startsWith("vectordb.pgvector") ? "pgvector" : "redis";
  const redis = {
    ...closed,
    connect_timeout: 500,
    read_timeout: 500,
    ...(path.endsWith("server_name") ? { ssl: true } : {}),
    ...(path.includes("sentinel")
      ? { sentinel_master: "m", sentinel_role: "master", sentinel_nodes: [closed], sentinel_password: "x" }
      : {}),
    ...(path.endsWith("username") ? { password: "x" } : {}),
  };
  const target = {
    route_type: "llm/v1/chat",
    description: "programming",
    auth: isOfTarget && cloud !== undefined ? cloud.auth : auth,
    model: isOfTarget && cloud !== undefined ? { ...cloud.model, name: "m" } : openai,
  };
  return {
    targets: [target, { ...target, description: "CATCHALL" }],
    balancer: { algorithm: "semantic" },
    embeddings: {
      auth: !isOfTarget && cloud !== undefined ? cloud.auth : auth,
      model: !isOfTarget && cloud !== undefined ? { ...cloud.embedding } : embedding,
    },
    vectordb: {
      strategy,
      dimensions: 8,
      distance_metric: "cosine",
      threshold: 0.8,
      redis,
      ...(strategy === "pgvector"
        ? { pgvector: { ...postgres, ssl: false, user: "u", password: "p", database: "d" } }
        : {}),
    },
  };
}

/** A token comes from the service account's key or, where there is none, from the metadata server. */
function cloudOf(owner: string, path: string): (typeof clouds)[string] | undefined {
  const cloud = clouds[owner];
  if (cloud === undefined || !path.endsWith("gcp_metadata_url")) return cloud;
  return { ...cloud, auth: { gcp_use_service_account: true } };
}

function serviceAccount(): string {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const private_key = privateKey.export({ type: "pkcs8", format: "pem" });
  return JSON.stringify({
    type: "service_account",
    client_email: "a@p.test",
    private_key,
    token_uri: "http://127.61.7.1:9",
  });
}

/** The provider whose requests are made with credentials of that cloud. */
const clouds: Readonly<
  Record<string, { readonly auth: JsonObject; readonly model: JsonObject; readonly embedding: JsonObject }>
> = {
  aws: {
    auth: { aws_access_key_id: "x", aws_secret_access_key: "x" },
    model: { provider: "bedrock", options: { bedrock: { aws_region: "us-east-1" } } },
    embedding: {
      provider: "bedrock",
      name: "amazon.titan-embed-text-v2:0",
      options: { bedrock: { aws_region: "us-east-1" } },
    },
  },
  azure: {
    auth: { azure_use_managed_identity: true, azure_client_id: "x", azure_client_secret: "x", azure_tenant_id: "x" },
    model: { provider: "azure", options: { azure_instance: "i", azure_deployment_id: "d" } },
    embedding: { provider: "azure", name: "m", options: { azure: { instance: "i", deployment_id: "d" } } },
  },
  gcp: {
    auth: { gcp_use_service_account: true, gcp_service_account_json: serviceAccount() },
    model: {
      provider: "gemini",
      options: { gemini: { api_endpoint: "us.googleapis.com", project_id: "p", location_id: "l" } },
    },
    embedding: {
      provider: "gemini",
      name: "m",
      options: { gemini: { api_endpoint: "us.googleapis.com", project_id: "p", location_id: "l" } },
    },
  },
};

/** The same with the reference at the path. */
function place(scene: JsonObject, path: string): JsonObject {
  const copy = structuredClone(scene) as Record<string, unknown>;
  const parts = path.split(".");
  const last = parts.pop() ?? "";
  let parent = copy;
  for (const part of parts) parent = (parent[part] ??= {}) as Record<string, unknown>;
  parent[last] = REFERENCE;
  return copy as JsonObject;
}

async function check(content: object) {
  const document = JSON.stringify({
    _format_version: "3.0",
    services: [{ name: "s", url: "http://127.61.7.1:9", routes: [{ name: "r", paths: ["/"] }] }],
    ...content,
  });
  const checked = await checkConfig(["-"], {
    cwd: ".",
    environment: {},
    stdin: Readable.from([document]),
    plugins: pluginChecks,
    unknownPlugins: "error",
  });
  return { findings: checked.diagnostics, config: checked.loaded?.config };
}

/** At the field, at what it stands in, or at the provider that would need it. */
function isRefused(findings: Awaited<ReturnType<typeof check>>["findings"], path: string): boolean {
  const at = `plugins.0.config.${path}`;
  return findings.some(
    ({ code, severity, path: where = "" }) =>
      (code === "not-supported" && severity === "error") ||
      (code === "no-effect" && (at === where || at.startsWith(`${where}.`))),
  );
}

/** Through what `gw serve` runs: a start, `gw ping` and a request each may be when a field is read. */
async function referencesAsked(config: Parameters<typeof secretReferences>[0]): Promise<readonly string[]> {
  const wiring = createWiring({ environment: ENVIRONMENT, connectTo: new Map() });
  opened.push(async () => await wiring.close());
  const { runtime, secrets } = await wiring.open({ config, serial: undefined, unavailablePlugins: [] });
  const plugins = new Set(runtime.plans.flatMap(({ links }) => links.map(({ plugin }) => plugin)));
  for (const plugin of plugins) await use(plugin);
  const asked = secrets.status().flatMap(({ reference, state }) => (state === "fresh" ? [reference] : []));
  await runtime.close();
  return asked;
}

async function use(plugin: Plugin): Promise<void> {
  const signal = AbortSignal.timeout(2_000);
  await Promise.allSettled([
    plugin.warm?.(signal),
    ...(plugin.needs?.() ?? []).map(async (need) => await need.probe({ signal })),
  ]);
  const server = await servePlugin(plugin);
  const body = '{"messages":[{"role":"user","content":"Hello"}]}';
  await fetch(`${server.origin}/`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body,
    signal,
  }).then(
    async (response) => await response.text(),
    () => {},
  );
  await server.close();
}
