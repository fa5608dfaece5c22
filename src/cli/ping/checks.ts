import type { GatewayConfig, Plugin as PluginEntity, Vault } from "../../config/types.ts";
import { secretReferences } from "../../config/secret-references.ts";
import { originOf } from "../../core/target-address.ts";
import type { Runtime } from "../../gateway/runtime.ts";
import type { Plugin } from "../../plugins/plugin.ts";
import { probeEmbeddings } from "../../routing/probe-embeddings.ts";
import type { SecretStatus, ServedSecrets } from "../../secrets/lookup.ts";
import type { Upstream } from "../../upstream/upstream.ts";
import type { Serving } from "../serving-source.ts";

/** Something outside of gw that the configuration names. */
export interface Check {
  readonly kind:
    | "store"
    | "plugin"
    | "vault"
    | "secret"
    | "embedding model"
    | "vector store"
    | "redis"
    | "provider"
    | "service";
  readonly name: string;
  /** Throws what is wrong. */
  run(signal: AbortSignal): Promise<Answer>;
}

export interface Answer {
  /** What answered, in a few words. */
  readonly said: string;
  readonly warnings?: readonly string[];
}

export interface Opened {
  readonly serving: Serving;
  readonly runtime: Runtime;
  readonly secrets: ServedSecrets;
  readonly upstream: Upstream;
  readonly failedPlugins: readonly FailedPlugin[];
}

/** What could not be created; the runtime goes without it. */
export interface FailedPlugin {
  readonly plugin: PluginEntity;
  readonly reason: unknown;
}

/** Every check that the configuration asks for, in the order in which they are shown. */
export function checksOf({ serving, runtime, secrets, upstream, failedPlugins }: Opened): readonly Check[] {
  const plugins = pluginsOf(runtime);
  return [
    ...failedPlugins.map((failed) => failedCheck(failed, serving.config)),
    ...serving.config.vaults.map((vault) => vaultCheck(vault, secrets)),
    ...secretReferences(serving.config).map((reference) => secretCheck(reference, secrets)),
    ...once(plugins.flatMap(embeddingCheck)),
    ...once(plugins.flatMap(needChecks)),
    ...once(serviceChecks(runtime, upstream)),
  ];
}

function failedCheck({ plugin, reason }: FailedPlugin, config: GatewayConfig): Check {
  return {
    kind: "plugin",
    name: `${plugin.name}${scopeOf(plugin, config)}`,
    run: async () => await Promise.reject(reason),
  };
}

function scopeOf({ route, service, consumer }: PluginEntity, config: GatewayConfig): string {
  const shown = (what: string, id: string, of: readonly { readonly id: string; readonly name?: string }[]): string =>
    ` of ${what} ${of.find((entity) => entity.id === id)?.name ?? id}`;
  if (route !== undefined) return shown("route", route.id, config.routes);
  if (service !== undefined) return shown("service", service.id, config.services);
  return consumer === undefined ? "" : ` of consumer ${consumer.id}`;
}

function vaultCheck({ prefix, name, config }: Vault, secrets: ServedSecrets): Check {
  const warnings =
    config["approle_response_wrapping"] === true
      ? ["a wrapped secret id can be used once, and has been used now: give gw serve another."]
      : [];
  return {
    kind: "vault",
    name: `${prefix} (${name})`,
    run: async (signal) => ({ said: (await secrets.probe(prefix, { signal })) ?? "needs no login", warnings }),
  };
}

function secretCheck(reference: string, secrets: ServedSecrets): Check {
  return {
    kind: "secret",
    name: reference,
    async run(signal) {
      await secrets.resolve(reference, { signal });
      const warnings = (await secrets.check(reference)).map(({ message, fix = "" }) => `${message} ${fix}`.trimEnd());
      return { said: `resolves${versionOf(secrets.status(), reference)}`, warnings };
    },
  };
}

function versionOf(statuses: readonly SecretStatus[], reference: string): string {
  const version = statuses.find((status) => status.reference === reference)?.version;
  return version === undefined ? "" : `, version ${version}`;
}

function embeddingCheck({ tuning }: Plugin): readonly Check[] {
  if (tuning === undefined) return [];
  return [
    {
      kind: "embedding model",
      name: tuning.embedding,
      async run(signal) {
        const { dimensions, warnings } = await probeEmbeddings(tuning, signal);
        return { said: `vectors of ${dimensions} numbers, as vectordb.dimensions says`, warnings };
      },
    },
  ];
}

function needChecks(plugin: Plugin): readonly Check[] {
  return (plugin.needs?.() ?? []).map((need) => ({
    kind: need.kind,
    name: need.name,
    run: async (signal) => ({ said: await need.probe({ signal }) }),
  }));
}

/** Services whose routes all have a plugin that answers in their place, or lack one, are not asked by anybody. */
function serviceChecks({ plans }: Runtime, upstream: Upstream): readonly Check[] {
  return plans.flatMap(({ service, links, group, tls, unavailable }): Check[] => {
    if (service === undefined || unavailable.length > 0 || links.some(({ plugin }) => plugin.explain !== undefined))
      return [];
    const { protocol, host, port, name, id } = service;
    if (protocol !== "http" && protocol !== "https") return [];
    const addresses = group === undefined ? [{ host, port }] : group.targets.map(({ address }) => address);
    return addresses.map((address) => {
      const origin = originOf(protocol, address);
      const run: Check["run"] = async (signal) => {
        await upstream.reach(origin, { signal, tls });
        return { said: protocol === "https" ? "a TLS connection could be made" : "a connection could be made" };
      };
      return { kind: "service", name: `${name ?? id} at ${origin}`, run };
    });
  });
}

function pluginsOf({ plans }: Runtime): readonly Plugin[] {
  const links = plans.flatMap((plan) => plan.links);
  return [...new Set(links.flatMap(({ plugin, byConsumer }) => [plugin, ...(byConsumer?.values() ?? [])]))];
}

/** Several plugins and routes may name the same. */
function once(checks: readonly Check[]): readonly Check[] {
  const byName = new Map(checks.map((check) => [`${check.kind} ${check.name}`, check]));
  return [...byName.values()];
}
