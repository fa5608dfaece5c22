import type { JsonObject } from "../core/json.ts";
import type { Draft, Finding } from "./draft.ts";
import type { CheckContext, PluginCheck } from "./plugin-check.ts";
import { checkPluginConfig, checkPluginName, checkPluginScope, checkThreshold } from "./rules/plugins.ts";
import { checkReferences } from "./rules/references.ts";
import { checkRoute } from "./rules/routes.ts";
import { checkPlainSecrets } from "./rules/secrets.ts";
import { checkService } from "./rules/services.ts";
import { checkFilterChainIsRun, checkIsRun, checkPluginIsRun } from "./rules/not-run.ts";
import { checkTarget, checkUpstream } from "./rules/upstreams.ts";
import { checkVault, checkVaultCycle, vaultPrefixes } from "./rules/vaults.ts";
import type { Entity, FilterChain, Plugin, Route, Service, Target, Upstream, Vault } from "./types.ts";

export interface MeaningOptions {
  /** By name, all that gw runs. */
  readonly plugins: ReadonlyMap<string, unknown>;
  /** The rules of those that the files name. */
  readonly checks: ReadonlyMap<string, PluginCheck>;
  readonly unknownPlugins: "error" | "warn";
}

/** What the rules need to know of the whole configuration. */
export interface MeaningContext extends CheckContext {
  readonly vaults: readonly JsonObject[];
}

/** `stored` are vaults that the files may refer to without declaring them. */
export function meaningContext(drafts: readonly Draft[], stored: readonly JsonObject[] = []): MeaningContext {
  const own = drafts.filter((draft) => draft.collection === "vaults").map((draft) => draft.value);
  const vaults = [...own, ...stored];
  return { vaultPrefixes: vaultPrefixes(vaults), vaults };
}

/** Rules beyond the schemas, for an entity that passed its schema. */
export function checkMeaning(
  draft: Draft,
  entity: Entity,
  context: MeaningContext,
  options: MeaningOptions,
): readonly Finding[] {
  return [
    ...checkOwn(draft, entity, context, options),
    ...checkReferences(draft, context.vaultPrefixes),
    ...checkPlainSecrets(draft),
  ];
}

function checkOwn(draft: Draft, entity: Entity, context: MeaningContext, options: MeaningOptions): readonly Finding[] {
  switch (draft.collection) {
    case "services":
      return checkService(entity as Service, draft);
    case "routes":
      return checkRoute(entity as Route);
    case "upstreams":
      return checkUpstream(entity as Upstream);
    case "targets":
      return checkTarget(entity as Target);
    case "vaults":
      return [...checkVault(entity as Vault), ...checkVaultCycle((entity as Vault).prefix, context.vaults)];
    case "plugins":
      return checkPlugin(draft, entity as Plugin, context, options);
    case "filter_chains":
      return checkFilterChainIsRun(entity as FilterChain);
    default:
      return checkIsRun(draft);
  }
}

function checkPlugin(
  draft: Draft,
  plugin: Plugin,
  context: MeaningContext,
  options: MeaningOptions,
): readonly Finding[] {
  const check = options.checks.get(plugin.name);
  if (check === undefined) return checkPluginName(plugin.name, options.plugins.keys(), options.unknownPlugins);
  return [
    ...checkPluginIsRun(plugin),
    ...checkPluginScope(draft),
    ...checkThreshold(draft),
    ...checkPluginConfig(plugin.config, check, context),
  ];
}
