import type { Plugin, Route } from "../config/types.ts";

export interface PluginSelection {
  readonly route: Route;
  /** One of a name. */
  readonly choices: readonly PluginChoice[];
}

/** What runs under one name. */
export interface PluginChoice {
  readonly name: string;
  /** For callers that are no consumer or have nothing of their own. */
  readonly everyone: Plugin | undefined;
  /** For the consumers, by id, that have something of their own that comes first. */
  readonly byConsumer: ReadonlyMap<string, Plugin>;
}

/**
 * Which plugin entities apply to each route: per name only the most specific one, in the order of Kong's plugins_iterator.lua;
 * configurations are never merged. A disabled one does not hide another. Those of consumer groups are left out: gw does not run them.
 */
export function selectPlugins(routes: readonly Route[], plugins: readonly Plugin[]): readonly PluginSelection[] {
  const byScope = groupByScope(plugins.filter((plugin) => plugin.enabled && plugin.consumer_group === undefined));
  return routes.map((route) => {
    const serviceId = route.service?.id;
    const scopes = [
      ...(serviceId === undefined ? [] : [scopeKey(route.id, serviceId)]),
      scopeKey(route.id, undefined),
      ...(serviceId === undefined ? [] : [scopeKey(undefined, serviceId)]),
      scopeKey(undefined, undefined),
    ];
    return { route, choices: chooseByName(scopes.flatMap((scope) => byScope.get(scope) ?? [])) };
  });
}

function groupByScope(plugins: readonly Plugin[]): ReadonlyMap<string, readonly Plugin[]> {
  const byScope = new Map<string, Plugin[]>();
  for (const plugin of plugins) {
    const key = scopeKey(plugin.route?.id, plugin.service?.id);
    const group = byScope.get(key);
    if (group === undefined) byScope.set(key, [plugin]);
    else group.push(plugin);
  }
  return byScope;
}

function scopeKey(routeId: string | undefined, serviceId: string | undefined): string {
  return `${routeId ?? "-"} ${serviceId ?? "-"}`;
}

function chooseByName(candidates: readonly Plugin[]): readonly PluginChoice[] {
  const byName = new Map<string, Plugin[]>();
  for (const plugin of candidates.toSorted((a, b) => rank(a) - rank(b))) {
    const group = byName.get(plugin.name);
    if (group === undefined) byName.set(plugin.name, [plugin]);
    else group.push(plugin);
  }
  return [...byName].map(([name, group]) => choose(name, group));
}

/** 1 is the most specific. */
function rank({ route, service, consumer }: Plugin): number {
  const isOfRoute = route !== undefined;
  const isOfService = service !== undefined;
  if (consumer !== undefined) return isOfRoute ? (isOfService ? 1 : 2) : isOfService ? 3 : 5;
  return isOfRoute ? (isOfService ? 4 : 6) : isOfService ? 7 : 8;
}

/** `group` has the most specific first. */
function choose(name: string, group: readonly Plugin[]): PluginChoice {
  const everyone = group.find((plugin) => plugin.consumer === undefined);
  const byConsumer = new Map<string, Plugin>();
  for (const plugin of group) {
    // What follows is less specific than what runs for everyone.
    if (plugin === everyone) break;
    const id = plugin.consumer?.id;
    if (id !== undefined && !byConsumer.has(id)) byConsumer.set(id, plugin);
  }
  return { name, everyone, byConsumer };
}
