import type { ConfigFinding, KeyAuthConfig } from "../config/types.ts";
import { RequestError } from "../core/errors.ts";
import { KeyTable } from "./key-table.ts";
import { definePlugin, type Caller, type Exchange, type Identity, type Plugin, type PluginServices } from "./plugin.ts";

/** Kong's key-auth: finds the consumer by the key in a header or query parameter. */
export const keyAuth = definePlugin<KeyAuthConfig>({
  name: "key-auth",
  priority: 1_250,
  check,
  create: async (config, services) => createKeyAuth(config, services),
});

function check({ key_in_header, key_in_query, key_in_body }: KeyAuthConfig): readonly ConfigFinding[] {
  const error = (at: string, message: string): ConfigFinding => ({ severity: "error", code: "bad-value", message, at });
  if (key_in_body)
    return [
      error("key_in_body", "key_in_body is not supported: bodies of unknown callers are not read. Use a header."),
    ];
  if (!key_in_header && !key_in_query)
    return [error("key_in_header", "a key must be allowed in the header or in the query.")];
  return [];
}

function createKeyAuth(config: KeyAuthConfig, { callers, secrets }: PluginServices): Plugin {
  const table = new KeyTable(callers.keys, secrets);
  const { anonymous, run_on_preflight: runsOnPreflight } = config;
  return {
    isGuard: anonymous === undefined,
    problems: () =>
      anonymous === undefined || callers.find(anonymous) !== undefined
        ? []
        : [`key-auth: there is no consumer "${anonymous}" to stand for callers without a key; they are refused.`],
    handle: async (exchange, next) => {
      if (exchange.request.method === "OPTIONS" && !runsOnPreflight) return await next();
      const identity = identify(exchange, config, table) ?? anonymousIdentity(anonymous && callers.find(anonymous));
      if (identity === undefined) throw refusal(exchange, config, "Unauthorized");
      exchange.identity = identity;
      tellService(exchange, identity);
      await next();
    },
  };
}

/** undefined for callers without a valid key when those have a consumer; else it throws for them. */
function identify(exchange: Exchange, config: KeyAuthConfig, table: KeyTable): Identity | undefined {
  const keys = presentedKeys(exchange, config);
  const [key] = keys;
  const found = key === undefined || key === "" || keys.length > 1 ? undefined : table.find(key);
  if (found !== undefined) return { caller: found.caller, credential: found.id };
  if (config.anonymous !== undefined) return undefined;
  if (keys.length > 1) throw refusal(exchange, config, "Duplicate API key found");
  throw refusal(exchange, config, key === undefined || key === "" ? "No API key found in request" : "Unauthorized");
}

/** All values under the first name that is there: Kong looks for each name in the headers, then in the query. */
function presentedKeys(exchange: Exchange, config: KeyAuthConfig): readonly string[] {
  const parameters = config.key_in_query ? new URLSearchParams(exchange.request.query) : new URLSearchParams();
  let presented: readonly string[] = [];
  for (const name of config.key_names) {
    const inHeader = config.key_in_header ? headerLines(exchange.request.rawHeaders, name.toLowerCase()) : [];
    const inQuery = parameters.getAll(name);
    if (config.hide_credentials) hide(exchange, name, inHeader.length > 0, inQuery.length > 0);
    if (presented.length === 0) presented = inHeader.length > 0 ? inHeader : inQuery;
  }
  return presented;
}

function headerLines(rawHeaders: readonly string[], lowerName: string): readonly string[] {
  const lines: string[] = [];
  for (let index = 0; index + 1 < rawHeaders.length; index += 2)
    if (rawHeaders[index]?.toLowerCase() === lowerName) lines.push(rawHeaders[index + 1] ?? "");
  return lines;
}

/** Also of names that were not looked at any more: a second key is as secret as the first. */
function hide(exchange: Exchange, name: string, isHeader: boolean, isParameter: boolean): void {
  if (isHeader) exchange.setForwarded(name, undefined);
  if (isParameter) exchange.hideParameter(name);
}

function anonymousIdentity(caller: Caller | undefined | ""): Identity | undefined {
  return caller === undefined || caller === "" ? undefined : { caller, credential: undefined };
}

/** The headers that Kong's services know; what a client sent under these names is dropped. */
function tellService(exchange: Exchange, { caller, credential }: Identity): void {
  exchange.setForwarded("X-Consumer-ID", caller.id);
  exchange.setForwarded("X-Consumer-Custom-ID", caller.customId);
  exchange.setForwarded("X-Consumer-Username", caller.username);
  exchange.setForwarded("X-Credential-Identifier", credential);
  exchange.setForwarded("X-Anonymous-Consumer", credential === undefined ? "true" : undefined);
}

function refusal(exchange: Exchange, { realm }: KeyAuthConfig, message: string): RequestError {
  const shown = realm?.replaceAll(/["\\]/g, "\\$&");
  exchange.setHeader("WWW-Authenticate", shown === undefined ? "Key" : `Key realm="${shown}"`);
  return new RequestError("GW_ACCESS_UNKNOWN", message);
}
