import { isReachable } from "../../core/not-run.ts";
import { compareText } from "../kinds.ts";
import type { Route } from "../types.ts";

/** A route and the one that goes before it for every request it matches. */
export interface Shadowed {
  readonly route: Route;
  readonly by: Route;
}

/**
 * Routes that another one hides: the same paths, hosts, headers and server names, no fewer methods, and first by Kong's order, in which
 * routes that are equal go by id. `routes` are those that are served.
 */
export function findUnreachable(routes: readonly Route[]): readonly Shadowed[] {
  const byPath = new Map<string, Route[]>();
  const served = routes.filter(isReachable);
  for (const route of served) {
    for (const key of keysOf(route)) {
      const group = byPath.get(key);
      if (group === undefined) byPath.set(key, [route]);
      else group.push(route);
    }
  }
  return served.flatMap((route) => {
    const hidden = keysOf(route).map((key) => byPath.get(key)?.find((other) => isBefore(other, route)));
    const [by] = hidden;
    return by === undefined || hidden.includes(undefined) ? [] : [{ route, by }];
  });
}

/** What must be equal: one key for each path. */
function keysOf({ paths = [], hosts = [], headers = {}, snis = [] }: Route): readonly string[] {
  const byName = Object.entries(headers).toSorted(([a], [b]) => compareText(a, b));
  const rest = JSON.stringify([hosts.toSorted(), byName, snis.toSorted()]);
  return paths.length === 0 ? [rest] : paths.map((path) => `${path} ${rest}`);
}

function isBefore(other: Route, route: Route): boolean {
  if (other.id === route.id || !hasMethodsOf(other, route)) return false;
  const isRegex = route.paths?.some((path) => path.startsWith("~")) === true;
  if (isRegex && other.regex_priority !== route.regex_priority) return other.regex_priority > route.regex_priority;
  return other.id > route.id;
}

/** A route that names methods goes before one that names none. */
function hasMethodsOf({ methods: own = [] }: Route, { methods: wanted = [] }: Route): boolean {
  return own.length === 0 ? wanted.length === 0 : wanted.length > 0 && wanted.every((method) => own.includes(method));
}
