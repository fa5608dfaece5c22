import type { Plugin, Route } from "../config/types.ts";

export interface PluginSelection {
  readonly route: Route;
  /** At most one of a name. */
  readonly plugins: readonly Plugin[];
}

/**
 * Which plugin entities apply to each route: per name only the most specific one, route and service before route before service before
 * global; configurations are never merged. A disabled one does not hide another. Those of consumers are left out: nothing here tells
 * consumers apart yet.
 */
export function selectPlugins(routes: readonly Route[], plugins: readonly Plugin[]): readonly PluginSelection[] {
  const byScope = groupByScope(plugins.filter((plugin) => plugin.enabled && isForEveryone(plugin)));
  return routes.map((route) => {
    const serviceId = route.service?.id;
    const scopes = [
      ...(serviceId === undefined ? [] : [scopeKey(route.id, serviceId)]),
      scopeKey(route.id, undefined),
      ...(serviceId === undefined ? [] : [scopeKey(undefined, serviceId)]),
      scopeKey(undefined, undefined),
    ];
    return { route, plugins: firstOfEachName(scopes.flatMap((scope) => byScope.get(scope) ?? [])) };
  });
}

function isForEveryone({ consumer, consumer_group }: Plugin): boolean {
  return consumer === undefined && consumer_group === undefined;
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

function firstOfEachName(plugins: readonly Plugin[]): readonly Plugin[] {
  const byName = new Map<string, Plugin>();
  for (const plugin of plugins) if (!byName.has(plugin.name)) byName.set(plugin.name, plugin);
  return [...byName.values()];
}
