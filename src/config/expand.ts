import { didYouMean } from "../core/did-you-mean.ts";
import type { Diagnostic } from "../core/diagnostics.ts";
import { isJsonObject, type Json, type JsonObject } from "../core/json.ts";
import { diagnose, type Draft, textAt } from "./draft.ts";
import { walkFields } from "./fields.ts";
import { inheritedOrigins, sharedTemplates } from "./inherited-origins.ts";
import { type Path, printPointer } from "./path.ts";
import { configSchema, entitySchemas, type FieldSchema } from "./schemas.ts";
import type { SourceDocument } from "./source-document.ts";
import type { CollectionName } from "./types.ts";

export interface ExpandedDrafts {
  readonly drafts: readonly Draft[];
  readonly diagnostics: readonly Diagnostic[];
}

/** Kinds that `_info.defaults` may be given for, and what it may not set. */
export const defaultKinds = { service: "services", route: "routes", upstream: "upstreams", target: "targets" } as const;

/** Fills `_info.defaults` and the blocks of `_plugin_configs` into the entities of all files: what an entity says itself wins, at every depth. */
export function expand(drafts: readonly Draft[], documents: readonly SourceDocument[]): ExpandedDrafts {
  const defaults = readDefaults(documents);
  const shared = readShared(documents);
  if (defaults.size === 0 && !drafts.some(usesShared)) return { drafts, diagnostics: [] };
  const diagnostics: Diagnostic[] = [];
  const expanded = new Map<Draft, Draft>();
  const templates = sharedTemplates(documents);
  for (const draft of drafts) {
    const value = usesShared(draft)
      ? withSharedConfig(draft, shared, diagnostics)
      : withDefaults(draft.value, defaults.get(draft.collection));
    const parent = draft.parent && expanded.get(draft.parent);
    const inherited = inheritedOrigins(draft, value, templates);
    expanded.set(draft, { ...draft, value, inherited, ...(parent === undefined ? {} : { parent }) });
  }
  return { drafts: [...expanded.values()], diagnostics };
}

/** Of several files the first that says something holds. */
function readDefaults(documents: readonly SourceDocument[]): ReadonlyMap<CollectionName, JsonObject> {
  const found = new Map<CollectionName, JsonObject>();
  for (const { value, rendered } of documents) {
    for (const [key, collection] of Object.entries(defaultKinds)) {
      const [config, whole] = [value, rendered].map((each) =>
        memberOf(memberOf(memberOf(each, "_info"), "defaults"), key),
      );
      if (!isJsonObject(config) || !isJsonObject(whole)) continue;
      const defaults = renderPlain({ config, rendered: whole }, entitySchemas[collection]);
      found.set(collection, mergeUnder(found.get(collection) ?? {}, defaults));
    }
  }
  return found;
}

/** The shorthand `url` says where a service is, so defaults do not. */
function withDefaults(value: JsonObject, defaults: JsonObject | undefined): JsonObject {
  if (defaults === undefined) return value;
  const ofUrl = value["url"] === undefined ? [] : ["protocol", "host", "port", "path"];
  return mergeUnder(value, Object.fromEntries(Object.entries(defaults).filter(([key]) => !ofUrl.includes(key))));
}

interface SharedConfig {
  readonly config: JsonObject;
  /** The same with the values of its expressions: for fields that hold no secrets. */
  readonly rendered: JsonObject;
}

function readShared(documents: readonly SourceDocument[]): ReadonlyMap<string, SharedConfig> {
  const found = new Map<string, SharedConfig>();
  for (const { value, rendered } of documents) {
    const blocks = memberOf(value, "_plugin_configs");
    for (const [name, config] of Object.entries(isJsonObject(blocks) ? blocks : {})) {
      const whole = memberOf(memberOf(rendered, "_plugin_configs"), name);
      if (isJsonObject(config) && isJsonObject(whole) && !found.has(name)) found.set(name, { config, rendered: whole });
    }
  }
  return found;
}

function usesShared({ collection, value }: Draft): boolean {
  return collection === "plugins" && typeof value["_config"] === "string";
}

function withSharedConfig(
  draft: Draft,
  shared: ReadonlyMap<string, SharedConfig>,
  diagnostics: Diagnostic[],
): JsonObject {
  const { _config: _, config: own, ...rest } = draft.value;
  const name = textAt(draft.value, "_config") ?? "";
  const block = shared.get(name);
  if (block === undefined) {
    const message = `names the shared config "${name}", which _plugin_configs does not have.${didYouMean(name, shared.keys())}`;
    const diagnostic = diagnose(draft, { severity: "error", code: "unknown-reference", message, path: ["_config"] });
    if (diagnostic !== undefined) diagnostics.push(diagnostic);
  }
  const config = block === undefined ? {} : renderPlain(block, configSchema("plugins", rest["name"]));
  return { ...rest, config: isJsonObject(own) ? mergeUnder(own, config) : (own ?? config) };
}

/** Secrets stay expressions, everything else takes its value. */
function renderPlain({ config, rendered }: SharedConfig, fields: FieldSchema | undefined): JsonObject {
  const secrets = new Set<string>();
  walkFields(rendered, fields, ({ path, schema }) => {
    if (schema !== undefined && schema["x-gw-sensitive"] !== true) return true;
    secrets.add(printPointer(path()));
    return false;
  });
  const visit = (value: Json, kept: Json | undefined, path: Path): Json => {
    if (secrets.has(printPointer(path))) return kept ?? value;
    if (Array.isArray(value))
      return value.map((item: Json, index) => visit(item, memberOf(kept, index), [...path, index]));
    if (!isJsonObject(value)) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, visit(member, memberOf(kept, key), [...path, key])]),
    );
  };
  return visit(rendered, config, []) as JsonObject;
}

/** `upper` with what only `lower` has; lists are values. */
function mergeUnder(upper: JsonObject, lower: JsonObject): JsonObject {
  const merged = Object.entries(lower).map(([key, value]): [string, Json] => {
    const own = Object.hasOwn(upper, key) ? upper[key] : undefined;
    if (own === undefined) return [key, value];
    return [key, isJsonObject(own) && isJsonObject(value) ? mergeUnder(own, value) : own];
  });
  return {
    ...Object.fromEntries(merged),
    ...Object.fromEntries(Object.entries(upper).filter(([key]) => !Object.hasOwn(lower, key))),
  };
}

function memberOf(value: Json | undefined, key: string | number): Json | undefined {
  if (Array.isArray(value)) return value[Number(key)] as Json | undefined;
  return isJsonObject(value) && Object.hasOwn(value, key) ? value[key] : undefined;
}
